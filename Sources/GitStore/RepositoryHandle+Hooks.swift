import CLibgit2

extension RepositoryHandle {
  /// The folder with `HEAD`, `objects`, `refs` and `hooks`: an absolute or relative path as the
  /// repository was opened.
  public var gitFolder: String { layout.gitFolder }

  /// The repository's own `core.hooksPath`, nil where it is not set; what a user's or the system's
  /// configuration says is not read.
  public func configuredHooksFolder() throws(GitError) -> String? {
    try configuredValue("core.hookspath")
  }

  /// A value of the repository's own configuration, nil where it is not set.
  func configuredValue(_ key: String) throws(GitError) -> String? {
    var config: OpaquePointer?
    guard git_config_open_ondisk(&config, layout.gitFolder + "/config") == 0, let config else {
      throw failure("read the configuration")
    }
    defer { git_config_free(config) }
    var value = git_buf()
    defer { git_buf_dispose(&value) }
    guard git_config_get_string_buf(&value, config, key) == 0, let text = value.ptr else {
      return nil
    }
    return ForeignText.decode(text, limit: 4096)
  }
}
