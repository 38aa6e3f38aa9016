import Glibc

/// A TCP socket that listens on 127.0.0.1, handed to one server process after the other.
///
/// As long as it is open, a client that connects waits in its backlog instead of being refused.
final class Listener: Sendable {
  /// Connections that wait for accept(2); cut to `net.core.somaxconn` by the kernel.
  static let backlog: Int32 = 4096

  /// The socket, close-on-exec.
  let descriptor: Descriptor
  /// Its port.
  let port: Int

  /// Listens on a port.
  init(port: Int) throws(SystemError) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw SystemError("make a socket") }
    descriptor = Descriptor(owning: number)
    self.port = port
    // Connections of an earlier run in TIME_WAIT do not hold the port.
    var reuse: Int32 = 1
    guard
      setsockopt(
        number, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size)) == 0
    else { throw SystemError("set up a socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(number, Self.backlog) == 0 else {
      throw SystemError("listen on 127.0.0.1:\(port)")
    }
  }
}
