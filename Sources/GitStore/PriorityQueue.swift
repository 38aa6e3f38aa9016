/// A binary heap: the element that comes before all others is popped first.
struct PriorityQueue<Element> {
  private var elements: [Element] = []
  private let precedes: (Element, Element) -> Bool

  /// An empty queue in the given order.
  init(by precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

  /// Whether nothing waits.
  var isEmpty: Bool { elements.isEmpty }

  /// Adds an element.
  mutating func push(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(elements[child], elements[parent]) else { return }
      elements.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the first element out, or gives `nil`.
  mutating func pop() -> Element? {
    guard let first = elements.first, let last = elements.popLast() else { return nil }
    guard !elements.isEmpty else { return first }
    elements[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < elements.count && precedes(elements[child], elements[least]) {
        least = child
      }
      guard least != parent else { return first }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
