import Glibc

/// A serial executor on a thread of its own, for an actor that makes blocking calls.
///
/// Jobs run in the order in which they were enqueued. The thread ends when the executor is
/// released and its queue is empty. An actor uses it as its `unownedExecutor` and keeps it alive.
public final class BlockingExecutor: SerialExecutor {
  private let thread: WorkerThread

  /// Starts the thread; `name` (15 bytes at most) shows in `ps -L` and in a debugger.
  public init(name: String) {
    thread = WorkerThread(name: name)
  }

  deinit { thread.stop() }

  /// Runs a job on the thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    thread.enqueue { job.runSynchronously(on: executor) }
  }
}

/// A bounded number of threads for blocking work, off the cooperative pool.
public final class BlockingPool: Sendable {
  private let threads: [WorkerThread]
  private let queue: SharedQueue

  /// Starts `width` threads (at least one).
  public init(name: String, width: Int) {
    let queue = SharedQueue()
    self.queue = queue
    threads = (0..<max(1, width)).map { WorkerThread(name: "\(name)-\($0)", queue: queue) }
  }

  deinit { queue.close() }

  /// Runs `body` on one of the threads and gives its result.
  ///
  /// Waits while all threads are busy; work starts in the order of the calls. Cancelling the
  /// caller does not interrupt `body`.
  public func run<Value: Sendable, Failure: Error>(
    _ body: @Sendable @escaping () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      queue.push {
        do throws(Failure) {
          continuation.resume(returning: .success(try body()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }
}

/// A thread that runs closures from a queue until the queue is closed and empty.
private final class WorkerThread: Sendable {
  private let queue: SharedQueue

  init(name: String, queue: SharedQueue = SharedQueue()) {
    self.queue = queue
    Thread.start(name: name) { [queue] in
      while let work = queue.pop() { work() }
    }
  }

  func enqueue(_ work: @Sendable @escaping () -> Void) { queue.push(work) }

  func stop() { queue.close() }
}

/// Closures that wait for a thread.
private final class SharedQueue: @unchecked Sendable {
  // Proof: `works` and `closed` are read and written only between pthread_mutex_lock and
  // pthread_mutex_unlock of `mutex`; both pthread objects live at fixed heap addresses from
  // `init` to `deinit`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var works: [@Sendable () -> Void] = []
  private var head = 0
  private var closed = false

  init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func push(_ work: @Sendable @escaping () -> Void) {
    pthread_mutex_lock(mutex)
    works.append(work)
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
  }

  func pop() -> (@Sendable () -> Void)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == works.count {
      if closed { return nil }
      pthread_cond_wait(condition, mutex)
    }
    let work = works[head]
    head += 1
    if head == works.count {
      works.removeAll(keepingCapacity: works.capacity <= 1024)
      head = 0
    }
    return work
  }

  func close() {
    pthread_mutex_lock(mutex)
    closed = true
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(condition)
  }
}
