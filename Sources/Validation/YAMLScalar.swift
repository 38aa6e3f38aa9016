/// What a plain scalar means under YAML 1.1's type repository, which PyYAML and most tools follow.
///
/// Written out instead of Yams' resolver, whose regular expressions cost more than the parsing.
enum YAMLScalar: Equatable {
  case null
  case bool(Bool)
  case integer(Int64?)
  case float
  case timestamp
  case text(String)

  init(_ scalar: YAMLText) {
    guard scalar.isPlain else {
      self = .text(scalar.string)
      return
    }
    self.init(plain: scalar.string)
  }

  init(plain string: String) {
    switch string {
    case "", "~", "null", "Null", "NULL": self = .null
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": self = .bool(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": self = .bool(false)
    default:
      let first = string.utf8.first ?? 0
      let numeric =
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || first == UInt8(ascii: "+")
        || first == UInt8(ascii: "-") || first == UInt8(ascii: ".")
      self = numeric ? Self.number(string) : .text(string)
    }
  }

  /// The word for a message.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .float: "a number"
    case .timestamp: "a date"
    case .text: "a text"
    }
  }

  private static func number(_ string: String) -> YAMLScalar {
    var body = Substring(string)
    var negative = false
    if let sign = body.first, sign == "+" || sign == "-" {
      negative = sign == "-"
      body = body.dropFirst()
    }
    if [".inf", ".Inf", ".INF"].contains(String(body)) { return .float }
    if [".nan", ".NaN", ".NAN"].contains(string) { return .float }
    let digits = String(body.filter { $0 != "_" })
    guard let first = digits.utf8.first else { return .text(string) }
    func integer(_ text: some StringProtocol, radix: Int) -> YAMLScalar? {
      guard !text.isEmpty, text.utf8.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != 43 }),
        text.allSatisfy({ $0.isHexDigit && ($0.hexDigitValue ?? 99) < radix })
      else { return nil }
      return .integer(Int64((negative ? "-" : "") + text, radix: radix))
    }
    if digits.hasPrefix("0x"), let value = integer(digits.dropFirst(2), radix: 16) { return value }
    if digits.hasPrefix("0b"), let value = integer(digits.dropFirst(2), radix: 2) { return value }
    if digits.count > 1, digits.hasPrefix("0"), let value = integer(digits.dropFirst(), radix: 8) {
      return value
    }
    if digits == "0" || first != UInt8(ascii: "0"), let value = integer(digits, radix: 10) {
      return value
    }
    if isDate(string) { return .timestamp }
    if isSexagesimal(digits) { return .integer(nil) }
    return isFloat(digits) ? .float : .text(string)
  }

  /// `digits . digits? exponent?`, the exponent with its sign, as YAML 1.1 wants it.
  private static func isFloat(_ text: String) -> Bool {
    var rest = Substring(text)
    let whole = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(whole.count)
    guard rest.first == "." else { return false }
    rest = rest.dropFirst()
    let fraction = rest.prefix { $0.isASCII && $0.isNumber }
    guard !(whole.isEmpty && fraction.isEmpty) else { return false }
    rest = rest.dropFirst(fraction.count)
    if rest.isEmpty { return true }
    guard rest.first == "e" || rest.first == "E" else { return false }
    rest = rest.dropFirst()
    guard rest.first == "+" || rest.first == "-" else { return false }
    rest = rest.dropFirst()
    return !rest.isEmpty && rest.allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// `1:30` and longer, each part after the first below 60.
  private static func isSexagesimal(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[0].first != "0" else { return false }
    return parts.enumerated().allSatisfy { index, part in
      guard !part.isEmpty, part.allSatisfy({ $0.isASCII && $0.isNumber }) else { return false }
      return index == 0 || (Int(part) ?? 60) < 60
    }
  }

  /// `2001-12-14` alone or with a time behind it.
  private static func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count >= 8 else { return false }
    let parts = text.prefix { $0 != "T" && $0 != "t" && $0 != " " }.split(
      separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4 else { return false }
    let date = parts.allSatisfy { part in
      (1...4).contains(part.count) && part.allSatisfy { $0.isASCII && $0.isNumber }
    }
    let rest = text.drop { $0 != "T" && $0 != "t" && $0 != " " }.dropFirst()
    return date && (rest.isEmpty || rest.first?.isNumber == true)
  }
}
