import Concurrency
import Foundation
import FuzzTargets
import Testing

/// Every seed, and everything that fuzzing ever found, in the ordinary tests. A crash of the
/// fuzzer is kept as a file in `Corpus/TARGET`, and its cause is mended.
@Suite struct FuzzRegressionTests {
  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus")

  @Test(arguments: FuzzTarget.allCases)
  func corpus(target: FuzzTarget) async throws {
    let folder = Self.corpus.appendingPathComponent(target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 5, "the seeds are gone")
    let inputs = try files.map { [UInt8](try Data(contentsOf: $0)) }
    // A validating thread's stack, as in the agent.
    let pool = BlockingPool(name: "fuzz", width: 1)
    await pool.run {
      for input in inputs {
        target.run(input)
        target.run(Array(input.dropLast()))
        target.run(input + input)
      }
    }
  }
}
