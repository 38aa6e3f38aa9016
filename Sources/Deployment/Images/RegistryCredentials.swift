import Foundation

/// What a registry is told of the agent: from a file as `docker login` writes it.
///
/// Source: Docker Engine API 1.41, "Authentication"; docker login, "auths" of `config.json`.
struct RegistryCredentials {
  private struct File: Decodable {
    struct Entry: Decodable {
      var auth: String?
      var username: String?
      var password: String?
      var identitytoken: String?
    }
    var auths: [String: Entry]
  }

  /// The value of `X-Registry-Auth` for calls without credentials: `{}`.
  static let none = "e30="

  /// The value of `X-Registry-Auth` for a host, from `file`; `none` without a file.
  ///
  /// Throws `engineRefused` where the file is not one, or does not name the host. Blocks.
  static func header(for host: String, from file: String?) throws(DeploymentError) -> String {
    guard let file else { return none }
    func invalid(_ cause: String) -> DeploymentError {
      DeploymentError(
        .deploy, .engineRefused, subject: "the credentials of the registry \(host)", cause: cause,
        remedy: "let runtime.registry_credentials name a file as docker login writes it")
    }
    let bytes: [UInt8]?
    do {
      bytes = try Folder.contents(ofFile: file)
    } catch {
      throw invalid(error.cause)
    }
    guard let bytes else { throw invalid("there is no such file") }
    guard let known = try? JSONDecoder().decode(File.self, from: Data(bytes)) else {
      throw invalid("it has no \"auths\"")
    }
    guard let entry = known.auths[host] ?? known.auths["https://\(host)"] else {
      throw invalid("it does not name the registry")
    }
    var answer = ["serveraddress": host]
    if let token = entry.identitytoken, !token.isEmpty {
      answer["identitytoken"] = token
    } else if let name = entry.username, let password = entry.password {
      (answer["username"], answer["password"]) = (name, password)
    } else {
      let pair = entry.auth.flatMap { Data(base64Encoded: $0) }
        .map { String(decoding: $0, as: UTF8.self) }
      guard let pair, let colon = pair.firstIndex(of: ":") else {
        throw invalid("what it has for the registry is no user and password")
      }
      answer["username"] = String(pair[..<colon])
      answer["password"] = String(pair[pair.index(after: colon)...])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let text = try? encoder.encode(answer) else { throw invalid("it cannot be sent") }
    return text.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
  }
}
