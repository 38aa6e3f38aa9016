import ArgumentParser
import Hummingbird
import GRDB
@main struct SyncAgentCommand: AsyncParsableCommand { func run() async throws {} }
