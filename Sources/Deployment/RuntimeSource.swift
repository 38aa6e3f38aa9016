import Foundation
import Glibc

/// Where the server's program lies: the folder `python-utils` with its `serve.py`.
public struct RuntimeSource: Hashable, Sendable {
  /// The folder, an absolute path.
  public let directory: String

  /// The server's program.
  var program: String { directory + "/serve.py" }

  /// Finds the program: `explicit` where it is given; otherwise `python-utils` in the folder of
  /// this executable or one above it, or `share/sync-agent/python-utils` in one above it.
  ///
  /// Throws `runtimeMissing`. Blocks for a few system calls.
  public static func locate(explicit: String?) throws(DeploymentError) -> RuntimeSource {
    if let explicit {
      let directory = URL(fileURLWithPath: explicit).path
      guard isSource(directory) else { throw missing("there is no serve.py in it", at: explicit) }
      return RuntimeSource(directory: directory)
    }
    var executable = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &executable, executable.count)
    guard count > 0 else { throw missing("/proc is not mounted", at: "python-utils") }
    let folder = URL(fileURLWithPath: String(decoding: executable[..<count], as: UTF8.self))
      .deletingLastPathComponent().path
    guard let source = locate(above: folder) else {
      throw missing("neither the executable's folder nor one above it has it", at: "python-utils")
    }
    return source
  }

  static func locate(above folder: String) -> RuntimeSource? {
    var folder = folder
    while true {
      let base = folder == "/" ? "" : folder
      for place in ["python-utils", "share/sync-agent/python-utils"]
      where isSource("\(base)/\(place)") {
        return RuntimeSource(directory: "\(base)/\(place)")
      }
      guard folder != "/", !folder.isEmpty else { return nil }
      folder = (folder as NSString).deletingLastPathComponent
    }
  }

  private static func isSource(_ directory: String) -> Bool {
    access(directory + "/serve.py", R_OK) == 0
  }

  private static func missing(_ cause: String, at subject: String) -> DeploymentError {
    DeploymentError(
      .locate, .runtimeMissing, subject: "the runtime's server in \(subject)", cause: cause,
      remedy: "install it beside the agent, or name its folder", disposition: .stalled)
  }
}
