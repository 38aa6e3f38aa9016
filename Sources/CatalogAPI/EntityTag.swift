import Hashing
import Hummingbird
import UtilityModel

/// Strong entity tags (RFC 9110, section 8.8.3) and the conditions on them.
enum EntityTag {
  /// The tag of what a snapshot's content answers to a query; the same after a restart.
  static func tag(content: String, query: String) -> String {
    let digest = SHA256.digest(of: "\(content)\n\(query)")
    return "\"\(Hexadecimal.encode(digest.bytes.prefix(16)))\""
  }

  /// Whether `If-None-Match` names the tag: a list, `*`, and weak comparison (section 13.1.2).
  static func matches(_ header: String?, tag: String) -> Bool {
    guard let header else { return false }
    if header == tag { return true }
    return header.split(separator: ",").contains { candidate in
      var text = candidate.drop(while: { $0 == " " || $0 == "\t" })
      while let last = text.last, last == " " || last == "\t" { text.removeLast() }
      if text == "*" { return true }
      return (text.hasPrefix("W/") ? text.dropFirst(2) : text) == tag
    }
  }

  /// 304 where the client has the answer already, else the answer.
  static func response(_ answer: CachedAnswer, to request: Request) -> Response {
    if matches(request.headers[.ifNoneMatch], tag: answer.etag) {
      return Response(
        status: .notModified, headers: [.eTag: answer.etag, .cacheControl: "no-cache"])
    }
    return Response(
      status: .ok, headers: answer.headers, body: ResponseBody(byteBuffer: answer.body))
  }
}
