import Testing

@testable import Deployment

@Suite struct PathRedactionTests {
  @Test(arguments: [
    ("cannot open /srv/data/x.py: denied", "cannot open …/x.py: denied"),
    ("release /srv/r/3f is refused: '/a/b'", "release …/3f is refused: '…/b'"),
    ("see https://example.org/a/b, utils/x.py and 1/2", nil),
    ("a/b / c /tmp", nil),
  ])
  func keepsTheLastPart(text: String, expected: String?) {
    #expect(PathRedaction.apply(to: text) == expected ?? text)
  }
}
