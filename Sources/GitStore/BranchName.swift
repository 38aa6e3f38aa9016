/// The names that branches may have.
public enum BranchName {
  /// Whether git takes `name` as a branch's short name, and does not read it as `HEAD`. Source:
  /// git-check-ref-format(1), `--branch`.
  public static func isValid(_ name: String) -> Bool {
    guard !name.isEmpty, name != "HEAD", !name.hasPrefix("-"), !name.hasSuffix("."),
      !name.contains(".."), !name.contains("@{"), name != "@"
    else { return false }
    guard
      name.unicodeScalars.allSatisfy({
        $0.value > 0x20 && $0.value != 0x7f && !" ~^:?*[\\".unicodeScalars.contains($0)
      })
    else { return false }
    return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
      !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock")
    }
  }
}
