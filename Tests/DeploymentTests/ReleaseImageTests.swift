import Concurrency
import Foundation
import Testing
import UtilityModel

@testable import Deployment

/// The image of a release, as far as no engine is needed.
struct ReleaseImageTests {
  private let pool = BlockingPool(name: "test", width: 1)

  private func bytes(of upload: Upload) async throws -> [UInt8] {
    var all: [UInt8] = []
    for try await piece in upload { all += piece.readableBytesView }
    return all
  }

  /// What Debian's tar finds in an archive: `-rw-r--r-- root/root 5 name`.
  private func list(_ archive: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
    process.arguments = ["--numeric-owner", "-tvf", archive]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
  }

  private static let base = Array(
    """
    {"Id": "sha256:aa", "Architecture": "amd64", "Os": "linux", "Variant": "",
     "Config": {"User": "65532:65532", "Labels": {"a": "b"}},
     "RootFS": {"Type": "layers", "Layers": ["sha256:01", "sha256:02"]}}
    """.utf8)

  @Test func theSameReleaseMakesTheSameBytes() async throws {
    let fixture = try Fixture()
    let deep = "lib/" + String(repeating: "folder/", count: 30) + "words.py"
    let release = try fixture.publish(
      ["one": "def one(data, filter): pass\n"], modules: [deep: "X = 1\n"])
    let image = ReleaseImage(release, retiring: [], base: "sha256:aa", repository: "r/demo")
    var made: [[UInt8]] = []
    for name in ["a", "b"] {
      let folder = "\(fixture.root)/\(name)"
      try Folder.make(folder)
      let upload = try image.archive(on: Self.base, in: folder, pool: pool)
      made.append(try await bytes(of: upload))
      #expect(made.last?.count == upload.size)
      // Times of files have no part in it.
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 5)],
        ofItemAtPath: "\(release.directory)/release.json")
    }
    #expect(made[0] == made[1])
    let layer = try list("\(fixture.root)/a/0")
    #expect(layer.contains { $0.hasPrefix("drwxr-xr-x 0/0 0 1970-01-01 00:00 release/") })
    #expect(
      layer.contains { $0.hasPrefix("-r--r--r-- 0/0") && $0.hasSuffix("release/utils/one.py") })
    #expect(layer.contains { $0.hasSuffix(" release/\(deep)") })
    let archive = "\(fixture.root)/archive"
    try Data(made[0]).write(to: URL(fileURLWithPath: archive))
    let names = try list(archive).compactMap { $0.split(separator: " ").last.map(String.init) }
    #expect(names.count == 3 && names.suffix(2) == ["config.json", "manifest.json"])
  }

  @Test func whatIsInAnImageIsInItsName() throws {
    let fixture = try Fixture()
    let one = try fixture.publish(["one": "def one(data, filter): pass\n"])
    let two = try fixture.publish(["two": "def two(data, filter): pass\n"])
    func tag(_ base: String, _ retiring: [RetiringUtility] = []) -> String {
      ReleaseImage(one, retiring: retiring, base: base, repository: "r/demo").reference.tag
    }
    #expect(tag("a").hasPrefix(one.digest.hex + "-") && tag("a").utf8.count <= 128)
    #expect(tag("a") == tag("a") && tag("a") != tag("b"))
    #expect(tag("a") != tag("a", [RetiringUtility(name: "two", release: two)]))
  }

  @Test func everyTenantHasARepositoryOfItsOwn() throws {
    let names = try ["demo", "a-b", "a_b", "a__b", "a--b", "a___b", "a_-b", "a-", "a_"].map {
      ImageReference.repository(of: try #require(TenantCode($0)), in: "h:5000/p")
    }
    #expect(
      names.prefix(5) == [
        "h:5000/p/demo", "h:5000/p/a-b", "h:5000/p/a_b", "h:5000/p/a__b", "h:5000/p/a--b",
      ])
    // What no registry takes as a name is stood for by its digest.
    #expect(names.dropFirst(5).allSatisfy { $0.hasPrefix("h:5000/p/tenant.") })
    #expect(Set(names).count == names.count)
  }

  @Test func hostsAreNamedAsDockerNamesThem() {
    #expect(ImageReference.host(of: "registry.example:5000/p") == "registry.example:5000")
    #expect(ImageReference.host(of: "localhost/p") == "localhost")
    #expect(ImageReference.host(of: "somebody/p") == "https://index.docker.io/v1/")
  }

  @Test func credentialsAreReadAsDockerLoginWritesThem() throws {
    let fixture = try Fixture()
    func header(_ text: String?, host: String = "h:5000") throws -> [String: String] {
      let file = "\(fixture.root)/config.json"
      if let text { try text.write(toFile: file, atomically: true, encoding: .utf8) }
      let value = try RegistryCredentials.header(for: host, from: text == nil ? nil : file)
      let plain = value.replacing("-", with: "+").replacing("_", with: "/")
      let data = try #require(Data(base64Encoded: plain))
      return try JSONDecoder().decode([String: String].self, from: data)
    }
    #expect(try header(nil) == [:])
    // "user:pass:word": only the first colon parts them.
    let known = try header(#"{"auths": {"h:5000": {"auth": "dXNlcjpwYXNzOndvcmQ="}}}"#)
    #expect(known == ["username": "user", "password": "pass:word", "serveraddress": "h:5000"])
    let token = try header(#"{"auths": {"h:5000": {"auth": "", "identitytoken": "t"}}}"#)
    #expect(token == ["identitytoken": "t", "serveraddress": "h:5000"])
    for bad in ["", "{}", #"{"auths": {}}"#, #"{"auths": {"h:5000": {"auth": "eA=="}}}"#] {
      let error = #expect(throws: DeploymentError.self) { try header(bad) }
      #expect(error?.description.contains("docker login") == true)
      #expect(error?.description.contains("eA==") == false)
    }
  }

  @Test func progressTellsDigestsAndErrors() throws {
    let good = #"{"status":"x"}"# + "\r\n" + #"{"aux":{"Tag":"t","Digest":"sha256:5","Size":1}}"#
    #expect(try EngineClient.result(of: Array(good.utf8)) == "sha256:5")
    #expect(try EngineClient.result(of: []) == nil)
    let bad = good + "\r\n" + #"{"errorDetail":{"message":"denied"},"error":"denied"}"#
    let error = #expect(throws: EngineFailure.self) {
      try EngineClient.result(of: Array(bad.utf8))
    }
    #expect(error?.message == "denied")
  }
}
