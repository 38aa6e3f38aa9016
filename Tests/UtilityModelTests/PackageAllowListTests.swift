import Testing
import UtilityModel

@Suite("Allowed packages")
struct PackageAllowListTests {
  @Test(
    "names are compared as PyPI does, and * stands for any letters",
    arguments: [
      ("*", "anything", true), ("rich, numpy", "NumPy>=2; python_version > '3'", true),
      ("ruamel-yaml", "Ruamel.YAML[jinja2]==1", true), ("acme-*", "acme_tools", true),
      ("acme-*", "acme", false), ("acme-*", "the-acme-tools", false), ("a*c*", "abcd", true),
      ("rich", "richer", false), ("rich", "ric", false), ("", "rich", false),
    ])
  func matching(list: String, requirement: String, isAllowed: Bool) {
    #expect(PackageAllowList(list).allows(requirement) == isAllowed)
  }
}
