import FuzzTargets
import Glibc

/// Which target is fuzzed: the environment's FUZZ_TARGET.
enum Choice {
  static let target: FuzzTarget = {
    guard let name = getenv("FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name))
    else {
      print("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))")
      exit(64)
    }
    return target
  }()
}
