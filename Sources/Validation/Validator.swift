import Concurrency
import Hashing
import Logging
import UtilityModel

/// Judges files: metadata, names, code rules; from the cache where they were judged before.
public final class Validator: Sendable {
  /// The largest accepted `.py` file in bytes: the LLD's `MAX_FILE_SIZE`.
  public static let sourceLimit = 10_485_760
  private static let chunk = 96

  let checkers: CheckerPool
  private let cache: VerdictCache
  let pool: BlockingPool
  /// So many utilities keep all checkers but one busy, which leaves room for what goes on beside them.
  public let unhurriedStep: Int
  private let progress: JudgingProgress?

  /// Digest of the whole rule set: a change of it has everything judged anew.
  public static let ruleSet: Digest = {
    var hasher = SHA256()
    // The number stands for the rules that are written in this module.
    hasher.update("2\n")
    hasher.update(CheckerPool.version.bytes)
    return hasher.finish()
  }()

  /// A validator with `width` threads and at most as many checker processes.
  ///
  /// `cachePath` is the file of the kept verdicts; the compiled checker is kept beside it.
  /// `progress` is told how many files are to be judged and how many are.
  public init(
    limits: CheckerLimits, cachePath: String?, width: Int, progress: JudgingProgress? = nil,
    logger: Logger
  ) {
    let folder = cachePath.map { SourcePath.folder(of: $0) }
    checkers = CheckerPool(limits: limits, width: width, folder: folder, logger: logger)
    cache = VerdictCache(
      path: cachePath, rules: Self.ruleSet(of: limits.python), logger: logger)
    pool = BlockingPool(name: "validate", width: width)
    unhurriedStep = Self.chunk * max(1, width - 2)
    self.progress = progress
  }

  /// The rule set as one interpreter applies it: another Python accepts another syntax.
  private static func ruleSet(of python: String) -> Digest {
    SHA256.digest(of: ruleSet.hex + CompiledChecker.identity(of: python))
  }

  /// The verdicts on `requests`, in their order.
  ///
  /// Throws `CheckerError`, or what `reading` throws. Waits without blocking a pool thread.
  func judge(
    _ requests: [VerdictRequest], reading: @escaping BlobReaderFactory
  ) async throws -> [Verdict] {
    progress?.expect(requests.count)
    if requests.count <= Self.chunk {
      return try await pool.run { [self] in try judgeChunk(requests, reading: reading) }
    }
    let starts = Array(stride(from: 0, to: requests.count, by: Self.chunk))
    return try await withThrowingTaskGroup(of: (Int, [Verdict]).self) { group in
      for start in starts {
        let part = Array(requests[start..<min(start + Self.chunk, requests.count)])
        group.addTask { [self] in
          (start, try await pool.run { try self.judgeChunk(part, reading: reading) })
        }
      }
      var parts: [Int: [Verdict]] = [:]
      for try await (start, verdicts) in group { parts[start] = verdicts }
      return starts.flatMap { parts[$0] ?? [] }
    }
  }

  /// Reads a `tenant.yaml`.
  func settings(
    _ blob: ObjectID, reading: @escaping BlobReaderFactory
  ) async throws -> (settings: TenantSettings, findings: [Finding]) {
    try await pool.run {
      switch try reading().read(blob, limit: YAMLDocument.sizeLimit) {
      case .bytes(let bytes): return TenantSettingsParser.parse(bytes)
      case .tooLarge(let size):
        return (TenantSettings(), [Self.tooLarge(size, YAMLDocument.sizeLimit, "tenant.yaml")])
      case .unreadable(let cause):
        return (TenantSettings(), [Self.unreadable(cause, "tenant.yaml")])
      }
    }
  }

  /// Those of `entries` that are Git LFS pointers: files that nothing else is judged of.
  func pointers(
    among entries: [SourceEntry], reading: @escaping BlobReaderFactory
  ) async throws -> [SourceEntry] {
    guard !entries.isEmpty else { return [] }
    return try await pool.run {
      let reader = try reading()
      return entries.filter { entry in
        // A pointer has three short lines; what cannot be read is no pointer that is known of.
        guard case .bytes(let bytes) = reader.read(entry.id, limit: 1024) else { return false }
        return Self.isLFSPointer(bytes)
      }
    }
  }

  private func judgeChunk(
    _ requests: [VerdictRequest], reading: BlobReaderFactory
  ) throws -> [Verdict] {
    defer { progress?.advance(by: requests.count) }
    var verdicts = cache.verdicts(for: requests)
    let missing = verdicts.indices.filter { verdicts[$0] == nil }
    guard !missing.isEmpty else { return verdicts.compactMap { $0 } }
    let reader = try reading()
    var checks: [(index: Int, request: CheckerProcess.Request)] = []
    for index in missing {
      var verdict = Verdict()
      let request = requests[index]
      if let source = readSource(request, with: reader, into: &verdict) {
        checks.append((index, .init(kind: .init(request.kind), path: request.path, source: source)))
      }
      if request.kind == .utility { readSidecar(request, with: reader, into: &verdict) }
      verdicts[index] = verdict
    }
    let replies = try checkers.check(checks.map(\.request))
    for ((index, _), reply) in zip(checks, replies) {
      switch reply {
      case .judged(let findings, let imports):
        verdicts[index]?.source += findings
        verdicts[index]?.imports = imports
      case .parameters: break
      case .failed(let reason):
        // Whatever killed the checker may not have been the file.
        verdicts[index]?.isFinal = false
        verdicts[index]?.source.append(
          Finding(
            path: "", rule: .checkerFailed, message: "the file could not be judged: \(reason)",
            hint: "make the file shorter and less nested"))
      }
    }
    cache.keep(missing.compactMap { index in verdicts[index].map { (requests[index], $0) } })
    return verdicts.compactMap { $0 }
  }

  private func readSource(
    _ request: VerdictRequest, with reader: any BlobReader, into verdict: inout Verdict
  ) -> [UInt8]? {
    switch reader.read(request.blob, limit: Self.sourceLimit) {
    case .tooLarge(let size):
      verdict.source.append(Self.tooLarge(size, Self.sourceLimit, ""))
    case .unreadable(let cause):
      verdict.isFinal = false
      verdict.source.append(Self.unreadable(cause, ""))
    case .bytes(let bytes):
      verdict.filehash = SHA256.digest(of: bytes).hex
      if Self.isLFSPointer(bytes) {
        verdict.source.append(Self.pointer)
      } else {
        return bytes
      }
    }
    return nil
  }

  private func readSidecar(
    _ request: VerdictRequest, with reader: any BlobReader, into verdict: inout Verdict
  ) {
    guard let sidecar = request.sidecar else { return }
    switch reader.read(sidecar, limit: 1 << 20) {
    case .tooLarge(let size):
      verdict.sidecar.append(Self.tooLarge(size, YAMLDocument.sizeLimit, ""))
    case .unreadable(let cause):
      verdict.isFinal = false
      verdict.sidecar.append(Self.unreadable(cause, ""))
    case .bytes(let bytes):
      verdict.metahash = SHA256.digest(of: bytes).hex
      if Self.isLFSPointer(bytes) {
        verdict.sidecar.append(Self.pointer)
      } else {
        let reading = MetadataParser.read(bytes, path: "", stem: request.stem)
        verdict.metadata = reading.metadata
        verdict.packagePlaces = reading.packagePlaces
        verdict.sidecar += reading.findings
      }
    }
  }

  static let pointer = Finding(
    path: "", rule: .fileMode, message: "the file is a Git LFS pointer, not the file itself",
    hint: "take it out of LFS: `git lfs untrack`, then add it again")

  private static func isLFSPointer(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8)
  }

  private static func tooLarge(_ size: Int, _ limit: Int, _ path: String) -> Finding {
    Finding(
      path: path, rule: .fileTooLarge,
      message: "the file has \(size) bytes; at most \(limit) are accepted",
      hint: "make the file smaller")
  }

  private static func unreadable(_ cause: String, _ path: String) -> Finding {
    Finding(
      path: path, rule: .checkerFailed, message: "the file cannot be read: \(cause)",
      hint: "check the repository with `git fsck`")
  }
}
