// swift-tools-version:6.2
import PackageDescription

let package = Package(
  name: "sync-agent",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "sync-agent", targets: ["SyncAgent"])],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
  ],
  targets: [
    .systemLibrary(name: "CLibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(
      name: "CMongoC", pkgConfig: "libmongoc-1.0", providers: [.apt(["libmongoc-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    .target(name: "CLinux"),
    .target(name: "CMongoSetup", dependencies: ["CMongoC"]),
    .target(name: "Concurrency", dependencies: ["CLinux"]),
    .target(name: "UtilityModel"),
    .target(name: "Hashing", dependencies: ["COpenSSL", "UtilityModel"]),
    .target(name: "Reporting", dependencies: ["UtilityModel"]),
    .target(
      name: "Validation",
      dependencies: [
        "CLinux", "Concurrency", "Hashing", "UtilityModel",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [.embedInCode("Checker/checker.py")]),
    .target(
      name: "GitStore",
      dependencies: [
        "CLibgit2", "Concurrency", "Hashing", "UtilityModel",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Catalog",
      dependencies: [
        "CLinux", "CMongoC", "CMongoSetup", "COpenSSL", "Concurrency", "Hashing", "UtilityModel",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Deployment",
      dependencies: [
        "CLinux", "Concurrency", "Hashing", "UtilityModel",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]),
    .target(
      name: "Telemetry",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ]),
    .target(
      name: "CatalogAPI",
      dependencies: [
        "CZlib", "Catalog", "Concurrency", "Hashing", "Telemetry", "UtilityModel",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      resources: [.embedInCode("Console"), .embedInCode("openapi.json")]),
    .target(
      name: "Reconciliation",
      dependencies: [
        "Catalog", "Concurrency", "Deployment", "GitStore", "Hashing", "Telemetry", "UtilityModel",
        "Validation",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ]),
    .executableTarget(
      name: "SyncAgent",
      dependencies: [
        "CLinux", "Catalog", "CatalogAPI", "Concurrency", "Deployment", "GitStore", "Hashing",
        "Reconciliation", "Reporting", "Telemetry", "UtilityModel", "Validation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ]),

    .executableTarget(
      name: "BareServer",
      dependencies: [
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
      ], path: "Benchmarks/BareServer"),

    .target(
      name: "TestSupport",
      dependencies: ["Catalog", "GitStore", "Hashing", "UtilityModel"],
      path: "Tests/TestSupport"),
    .target(
      name: "FuzzTargets",
      dependencies: ["Concurrency", "GitStore", "UtilityModel", "Validation"],
      path: "Tests/FuzzTargets"),
    .testTarget(
      name: "FuzzRegressionTests", dependencies: ["FuzzTargets"], exclude: ["Corpus"]),
    .testTarget(name: "UtilityModelTests", dependencies: ["UtilityModel"]),
    .testTarget(name: "ConcurrencyTests", dependencies: ["Concurrency"]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting", "UtilityModel"]),
    .testTarget(
      name: "ValidationTests",
      dependencies: [
        "Concurrency", "Hashing", "TestSupport", "UtilityModel", "Validation",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "GitStoreTests",
      dependencies: [
        "Concurrency", "GitStore", "Hashing", "TestSupport", "UtilityModel",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "CatalogTests",
      dependencies: [
        "CLinux", "Catalog", "Concurrency", "Hashing", "TestSupport", "UtilityModel",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "DeploymentTests",
      dependencies: [
        "Concurrency", "Deployment", "Hashing", "UtilityModel",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "TelemetryTests",
      dependencies: [
        "Telemetry", .product(name: "Logging", package: "swift-log"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
      ]),
    .testTarget(
      name: "CatalogAPITests",
      dependencies: [
        "Catalog", "CatalogAPI", "Concurrency", "Hashing", "Telemetry", "UtilityModel",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "ReconciliationTests",
      dependencies: [
        "Catalog", "Concurrency", "Deployment", "GitStore", "Hashing", "Reconciliation",
        "TestSupport", "UtilityModel", "Validation",
        .product(name: "Logging", package: "swift-log"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// Only `scripts/fuzz` builds it: it needs libFuzzer's instrumentation in everything beneath.
if Context.environment["SYNC_AGENT_FUZZ"] != nil {
  package.targets += [
    .executableTarget(name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz")
  ]
}
