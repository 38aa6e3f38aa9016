extension Rule {
  /// Stands for the findings that a list leaves out.
  public static let moreFindings = Rule(rawValue: "MoreFindings")
}

/// How many findings are kept: a document of MongoDB has at most 16 MiB, and what is wrong with one
/// shared module is told of each utility that needs it.
public enum FindingLimits {
  /// Of a utility: as many as the checker gives of a file.
  public static let utility = 500
  /// Of all refused utilities of a branch together.
  public static let branch = 20_000
  /// Of what belongs to no single utility of a branch.
  public static let loose = 5_000
  /// Bytes of the texts of all refused utilities' findings.
  private static let bytes = 8 << 20

  /// At most `limit` of `findings`, which are sorted, but at least two: HIGH ones before others,
  /// and the last one says how many are left out.
  public static func bounded(_ findings: [Finding], limit: Int = utility) -> [Finding] {
    let limit = max(2, limit)
    guard findings.count > limit else { return findings }
    let all = findings.filter { $0.rule != Rule.moreFindings.rawValue }
    // What was left out before goes on counting.
    let former = findings.filter { $0.rule == Rule.moreFindings.rawValue }
    let ranked = (0...2).flatMap { rank in all.filter { Self.rank($0) == rank } }
    let kept = Array(ranked.prefix(limit - 1))
    let rest = ranked.dropFirst(limit - 1) + former
    let more = ranked.count - kept.count + former.reduce(0) { $0 + Self.number(in: $1) }
    let last = Finding(
      path: kept.last?.path ?? "", rule: .moreFindings,
      severity: rest.contains(where: { $0.severity == .high }) ? .high : .medium,
      message: more == 1 ? "1 more finding is not listed" : "\(more) more findings are not listed",
      hint: "correct what is listed, then look again")
    return kept.sorted() + [last]
  }

  /// The refused utilities of a branch with at most `limit` findings in all, as far as two for each
  /// allow that: those with the most lose first.
  public static func bounded(
    _ utilities: [QuarantinedUtility], limit: Int = branch
  ) -> [QuarantinedUtility] {
    let counts = utilities.map(\.findings.count)
    var result = utilities
    var most = counts.max() ?? 0
    if counts.reduce(0, +) > limit {
      most = share(of: counts, limit: limit)
      result = cut(utilities, to: most)
    }
    while most > 2, size(of: result) > bytes {
      most /= 2
      result = cut(utilities, to: most)
    }
    return result
  }

  private static func cut(
    _ utilities: [QuarantinedUtility], to limit: Int
  ) -> [QuarantinedUtility] {
    utilities.map { utility in
      QuarantinedUtility(name: utility.name, findings: bounded(utility.findings, limit: limit))
    }
  }

  /// The most that each of `counts` may have so that all have at most `limit`; at least two.
  private static func share(of counts: [Int], limit: Int) -> Int {
    var (room, left) = (limit, counts.count)
    for count in counts.sorted() {
      let share = room / left
      if count > share { return max(2, share) }
      room -= count
      left -= 1
    }
    return max(2, counts.max() ?? 0)
  }

  private static func size(of utilities: [QuarantinedUtility]) -> Int {
    var size = 0
    for utility in utilities {
      for finding in utility.findings {
        size += finding.path.utf8.count + finding.message.utf8.count + finding.hint.utf8.count
      }
    }
    return size
  }

  /// What is kept first: why `tenant.yaml` is refused decides about its settings.
  private static func rank(_ finding: Finding) -> Int {
    guard finding.severity == .high else { return 2 }
    return finding.path == "tenant.yaml" ? 0 : 1
  }

  /// How many findings a `moreFindings` stands for.
  private static func number(in finding: Finding) -> Int {
    Int(finding.message.prefix { $0 != " " }) ?? 1
  }
}
