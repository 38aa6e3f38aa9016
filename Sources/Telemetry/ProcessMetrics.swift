import Foundation

/// The four customary metrics of the running process, from `/proc/self` (proc(5)).
///
/// A value that cannot be read (no `/proc`) is left out rather than invented.
enum ProcessMetrics {
  static func append(to text: inout String) {
    let fields = statFields()
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    if fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]) {
      metric(
        "process_cpu_seconds_total", "counter", "User and system CPU time spent, in seconds.",
        (user + system) / ticks, to: &text)
    }
    if let count = openDescriptors() {
      metric(
        "process_open_fds", "gauge", "Number of open file descriptors.", Double(count), to: &text)
    }
    if fields.count > 21, let pages = Double(fields[21]) {
      metric(
        "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
        pages * Double(sysconf(Int32(_SC_PAGESIZE))), to: &text)
    }
    if fields.count > 21, let started = Double(fields[19]), let boot = bootTime() {
      metric(
        "process_start_time_seconds", "gauge", "Start time since 1970, in seconds.",
        boot + started / ticks, to: &text)
    }
  }

  private static func metric(
    _ name: String, _ type: String, _ help: String, _ value: Double, to text: inout String
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(JSONText.number(value))\n"
  }

  /// The fields of `/proc/self/stat` behind the command's name; the first is the state.
  private static func statFields() -> [Substring] {
    guard let stat = contents("/proc/self/stat"), let end = stat.lastIndex(of: ")") else {
      return []
    }
    return stat[stat.index(after: end)...].split(separator: " ")
  }

  private static func bootTime() -> Double? {
    let line = contents("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return line.flatMap { Double($0.dropFirst(6)) }
  }

  private static func openDescriptors() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // ".", ".." and the descriptor that reads the folder are not the process's own.
    return count - 3
  }

  private static func contents(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
