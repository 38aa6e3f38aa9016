import Catalog
import CatalogAPI
import Foundation
import GitStore
import Hashing
import Reconciliation
import UtilityModel
import Validation

/// What git knows of an entry: its revisions and its file at one of them.
///
/// Reads the entry's own files alone, from the applied revision of its branch backwards, so that
/// nothing comes out that was never let in.
struct EntryHistory: Sendable {
  let board: StatusBoard
  let reconciler: Reconciler
  let approvedBranch: String
  let reader: GitReader

  /// The entry's newest revisions, at most `limit`, newest first.
  func records(
    of item: CatalogItem, tenant: TenantCode, limit: Int
  ) async throws -> [HistoryRecord] {
    guard let (path, tip) = await place(of: item, tenant) else { return [] }
    return try await reader.run(for: tenant) {
      let handle = try RepositoryHandle(path: path)
      let entries = try UtilityLineage(path: path)
        .lineage(of: item.path, from: tip, limit: limit, in: handle).entries
      let approvers = try handle.approvers(of: entries.map(\.commit), from: tip)
      var hashes: [ObjectID: String] = [:]
      return try entries.map { entry in
        HistoryRecord(
          commit: entry.commit.id.hex, author: entry.commit.author.name,
          approver: approvers[entry.commit.id] ?? "", date: entry.commit.author.milliseconds,
          message: entry.commit.message,
          filehash: try Self.hash(of: entry.blob, in: handle, known: &hashes), path: entry.path)
      }
    }
  }

  /// The entry's file at a commit of its branch, or nil where it had none there.
  func source(
    of item: CatalogItem, tenant: TenantCode, revision: String
  ) async throws -> [UInt8]? {
    guard let (path, tip) = await place(of: item, tenant) else { return nil }
    return try await reader.run(for: tenant) {
      let handle = try RepositoryHandle(path: path)
      guard let commit = try GitReader.commit(revision, in: handle),
        let blob = try UtilityLineage(path: path)
          .blob(of: item.path, from: tip, at: commit, in: handle)
      else { return nil }
      guard try handle.blobSize(blob) <= Validator.sourceLimit else {
        throw GitReadRefusal.tooLarge
      }
      return try handle.blob(blob, limit: Validator.sourceLimit)
    }
  }

  /// The repository, and the commit from which the entry's branch is applied.
  private func place(
    of item: CatalogItem, _ tenant: TenantCode
  ) async -> (path: String, tip: ObjectID)? {
    guard let path = await reconciler.repositories()[tenant],
      let branches = board.status(of: tenant)?.branches
    else { return nil }
    // A trial branch that is gone: what it had may have come to the approved one.
    for name in [item.branch, approvedBranch] {
      let status = branches.first { $0.branch == name }
      if let tip = status?.applied.flatMap({ Revision($0)?.commit }) { return (path, tip) }
    }
    return nil
  }

  /// SHA-256 of a blob, or "" where there is none or it is too large for a utility.
  private static func hash(
    of blob: ObjectID?, in handle: borrowing RepositoryHandle, known: inout [ObjectID: String]
  ) throws(GitError) -> String {
    guard let blob else { return "" }
    if let hash = known[blob] { return hash }
    guard try handle.blobSize(blob) <= Validator.sourceLimit else { return "" }
    let hash = try handle.withBlob(blob, limit: Validator.sourceLimit) { (bytes) throws(GitError) in
      SHA256.digest(of: bytes).hex
    }
    known[blob] = hash
    return hash
  }
}
