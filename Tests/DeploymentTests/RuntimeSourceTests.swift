import Testing

@testable import Deployment

@Suite struct RuntimeSourceTests {
  @Test func findsTheServerAboveOrInstalled() throws {
    let fixture = try Fixture()
    let root = fixture.root
    #expect(RuntimeSource.locate(above: root + "/bin") == nil)
    try Folder.make(root + "/share/sync-agent/python-utils")
    _ = try Descriptor.open(
      root + "/share/sync-agent/python-utils/serve.py", flags: 0o101, mode: 0o644)
    let source = RuntimeSource.locate(above: root + "/bin/deep")
    #expect(source?.directory == root + "/share/sync-agent/python-utils")
    let error = #expect(throws: DeploymentError.self) {
      try RuntimeSource.locate(explicit: root + "/elsewhere")
    }
    #expect(error?.code == .runtimeMissing && error?.disposition == .stalled)
  }
}
