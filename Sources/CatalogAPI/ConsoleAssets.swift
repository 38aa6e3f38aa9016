import Hummingbird

/// A file of the console, as it is sent.
struct ConsoleAsset: Sendable {
  /// The file's name below `/console/`.
  let name: String
  /// `Content-Type`.
  let contentType: String
  /// The strong entity tag of the bytes, quotes included.
  let etag: String
  /// The file's bytes.
  let body: ByteBuffer

  init(name: String, bytes: [UInt8]) {
    self.name = name
    contentType =
      switch name.split(separator: ".").last {
      case "html": "text/html; charset=utf-8"
      case "css": "text/css; charset=utf-8"
      case "js": "text/javascript; charset=utf-8"
      case "svg": "image/svg+xml"
      default: "application/octet-stream"
      }
    body = ByteBuffer(bytes: bytes)
    etag = EntityTag.tag(of: bytes)
  }
}

/// The console's files, embedded in the program: plain HTML, CSS and JavaScript modules of the
/// folder `Console`, sent as they stand there.
enum ConsoleAssets {
  /// The page at `/`.
  static let page = ConsoleAsset(name: "index.html", bytes: PackageResources.index_html)

  /// Every file by its name.
  static let byName: [String: ConsoleAsset] = Dictionary(
    uniqueKeysWithValues: files.map { ($0.name, ConsoleAsset(name: $0.name, bytes: $0.bytes)) })

  private static let files: [(name: String, bytes: [UInt8])] = [
    ("api.js", PackageResources.api_js),
    ("app.js", PackageResources.app_js),
    ("audit-trail.js", PackageResources.audit_trail_js),
    ("base.css", PackageResources.base_css),
    ("branches.js", PackageResources.branches_js),
    ("categories.js", PackageResources.categories_js),
    ("code.css", PackageResources.code_css),
    ("code.js", PackageResources.code_js),
    ("commit-view.js", PackageResources.commit_view_js),
    ("diff-view.js", PackageResources.diff_view_js),
    ("diff.js", PackageResources.diff_js),
    ("digests.js", PackageResources.digests_js),
    ("dom.js", PackageResources.dom_js),
    ("event-stream.js", PackageResources.event_stream_js),
    ("events.js", PackageResources.events_js),
    ("executions.js", PackageResources.executions_js),
    ("findings.js", PackageResources.findings_js),
    ("format.js", PackageResources.format_js),
    ("icon.svg", PackageResources.icon_svg),
    ("icons.js", PackageResources.icons_js),
    ("index.html", PackageResources.index_html),
    ("layout.css", PackageResources.layout_css),
    ("lines.js", PackageResources.lines_js),
    ("live.js", PackageResources.live_js),
    ("parts.css", PackageResources.parts_css),
    ("parts.js", PackageResources.parts_js),
    ("python.js", PackageResources.python_js),
    ("resource.js", PackageResources.resource_js),
    ("route.js", PackageResources.route_js),
    ("session.js", PackageResources.session_js),
    ("shell.js", PackageResources.shell_js),
    ("table.js", PackageResources.table_js),
    ("tables.css", PackageResources.tables_css),
    ("tenant-findings.js", PackageResources.tenant_findings_js),
    ("tenant-view.js", PackageResources.tenant_view_js),
    ("tenants-view.js", PackageResources.tenants_view_js),
    ("text.js", PackageResources.text_js),
    ("theme.js", PackageResources.theme_js),
    ("token-view.js", PackageResources.token_view_js),
    ("unknown-view.js", PackageResources.unknown_view_js),
    ("utility-code.js", PackageResources.utility_code_js),
    ("utility-facts.js", PackageResources.utility_facts_js),
    ("utility-findings.js", PackageResources.utility_findings_js),
    ("utility-history.js", PackageResources.utility_history_js),
    ("utility-integrity.js", PackageResources.utility_integrity_js),
    ("utility-list.js", PackageResources.utility_list_js),
    ("utility-view.js", PackageResources.utility_view_js),
  ]
}
