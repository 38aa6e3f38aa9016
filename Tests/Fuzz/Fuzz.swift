import FuzzTargets

/// What libFuzzer, whose `main` this program has, calls with ever new inputs.
/// Source: LLVM, "libFuzzer", "Fuzz Target".
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  Choice.target.run(data.map { Array(UnsafeBufferPointer(start: $0, count: size)) } ?? [])
  return 0
}
