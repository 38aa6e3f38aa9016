import Testing

@testable import GitStore

@Suite("Addresses of upstreams") struct UpstreamURLTests {
  @Test(
    "what is taken",
    arguments: [
      ("https://git.example.com/a/b.git", "https://git.example.com/a/b.git", nil as String?),
      ("HTTPS://me@git.example.com:8443/a", "https://me@git.example.com:8443/a", "me"),
      ("ssh://git@host:2222/a.git", "ssh://git@host:2222/a.git", "git"),
      ("git@host:a/b.git", "ssh://git@host/a/b.git", "git"),
      ("git@host:/srv/a.git", "ssh://git@host/srv/a.git", "git"),
      ("file:///srv/a.git", "file:///srv/a.git", nil),
      ("/srv/a.git", "file:///srv/a.git", nil),
    ])
  func taken(_ given: String, _ text: String, _ user: String?) throws {
    let url = try UpstreamURL(given)
    #expect(url.text == text && url.user == user)
    #expect(try UpstreamURL(url.text) == url, "what is recorded reads as the same")
  }

  @Test(
    "what is refused",
    arguments: [
      "", "a", "a/b", "./a", "http://host/a", "git://host/a", "ext::sh", "ext::sh -c x",
      "https://host", "https://host/", "https:///a", "https://u:p@host/a", "https://:p@host/a",
      "https://-host/a", "https://-u@host/a", "https://host:0/a", "https://host:99999/a",
      "https://host:a/a", "https://ho st/a", "https://host/a?x=1", "https://host/a#x",
      "https://hóst/a", "https://host/\u{1}", "ssh://-oProxyCommand=x/a", "-oProxyCommand=x:a",
      "file://a", "file://host/a", "file:///a/../b", "/a/../b", "javascript:alert(1)",
      "https://host/" + String(repeating: "a", count: 2000), "--upload-pack=x",
    ])
  func refused(_ given: String) {
    #expect(throws: UpstreamURL.Refusal.self) { try UpstreamURL(given) }
  }
}
