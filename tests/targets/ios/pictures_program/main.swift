// Makes inputs by the modules of PictureDriver.swift: of all shots of a file, or as often as standard input asks for.
import Driver
import Foundation
import Glibc
import Heap
// IMPORTS

let drivers: [String: PictureDriver.Type] = [
  // DRIVERS
]
let folder = URL(fileURLWithPath: CommandLine.arguments[1])

func driver(_ module: String) throws -> PictureDriver {
  try drivers[module]!.init(Data(contentsOf: folder.appendingPathComponent("\(module).table")))
}

/// Tensors of a module, one behind the other, and what was refused instead.
struct Fit: Decodable {
  let module: String
  let memory: String
  let shots: String
  let size: Int
  let out: String
}

func make(_ fit: Fit) throws -> [String?] {
  let driver = try driver(fit.module)
  let memory = try Data(contentsOf: folder.appendingPathComponent(fit.memory))
  let shots = try JSONDecoder().decode(
    [Shot].self, from: Data(contentsOf: folder.appendingPathComponent(fit.shots)))
  var failures: [String?] = []
  var tensors = Data()
  // What a picture leaves of another one would show.
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: fit.size, alignment: 64)
  defer { input.deallocate() }
  memory.withUnsafeBytes { memory in
    for shot in shots {
      input.initializeMemory(as: UInt8.self, repeating: 0xA5)
      do {
        try driver.work(shot, memory)(input)
        failures.append(nil)
      } catch {
        failures.append(error.localizedDescription)
      }
      tensors.append(contentsOf: input)
    }
  }
  try tensors.write(to: folder.appendingPathComponent(fit.out))
  return failures
}

/// Of the processor, which others use too.
func seconds(_ rounds: Int, _ work: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<rounds {
    let start = clock_gettime_nsec(CLOCK_THREAD_CPUTIME_ID)
    try work()
    best = min(best, Double(clock_gettime_nsec(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9)
  }
  return best
}

func clock_gettime_nsec(_ clock: clockid_t) -> Int {
  var time = timespec()
  clock_gettime(clock, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// How often the heap is asked for memory in so many rounds, and by how many bytes it grows.
func allocations(_ rounds: Int, _ work: () throws -> Void) rethrows -> (count: Int, bytes: Int) {
  let (count, bytes) = (heap_allocations(), heap_bytes())
  for _ in 0..<rounds { try work() }
  return (Int(heap_allocations() - count), Int(heap_bytes()) - Int(bytes))
}

/// Works by the name of a module, of what a picture is, and of its orientation: upright, or as a phone's camera has it.
func works() throws -> [String: () throws -> Void] {
  let pixels = try Data(contentsOf: folder.appendingPathComponent("pixels.rgb"))
  let count = 1920 * 1080
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 224 * 224 * 12, alignment: 64)
  // The picture with 3 bytes a pixel, and with 4, which serve as planes too.
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 7 * count, alignment: 64)
  memory.copyBytes(from: pixels)
  for pixel in 0..<count {
    for channel in 0..<4 {
      memory[3 * count + 4 * pixel + channel] = channel < 3 ? pixels[3 * pixel + 2 - channel] : 255
    }
  }
  var works: [String: () throws -> Void] = [:]
  for module in drivers.keys {
    let driver = try driver(module)
    for (orientation, width, height) in [(1, 1080, 1920), (6, 1920, 1080)] {
      let planes: [String: [Shot.Plane]] = [
        "rgb": [.init(0, 3 * count, 3 * width)],
        "bgra": [.init(3 * count, 4 * count, 4 * width)],
        "full": [.init(0, count, width), .init(count, count / 2, width)],
        "video": [.init(0, count, width), .init(count, count / 2, width)],
      ]
      for (kind, planes) in planes {
        let shot = Shot(
          kind: kind, width: width, height: height, planes: planes, orientation: orientation)
        let work = try driver.work(shot, UnsafeRawBufferPointer(memory))
        works["\(module.lowercased())_\(kind)_\(orientation)"] = { try work(input) }
      }
    }
  }
  return works
}

func serve() throws {
  let works = try works()
  print("ready")
  fflush(stdout)
  while let line = readLine() {
    let parts = line.split(separator: " ")
    let (name, rounds) = (String(parts[0]), Int(parts[1])!)
    if name.hasPrefix("allocations:") {
      print(try allocations(rounds, works[String(name.dropFirst(12))]!).count)
    } else if name.hasPrefix("growth:") {
      print(try allocations(rounds, works[String(name.dropFirst(7))]!).bytes)
    } else {
      print(try seconds(rounds, works[name]!))
    }
    fflush(stdout)
  }
}

if CommandLine.arguments.count > 2 {
  let fits = try JSONDecoder().decode(
    [Fit].self, from: Data(contentsOf: folder.appendingPathComponent(CommandLine.arguments[2])))
  let failures = try fits.map(make)
  try JSONEncoder().encode(failures).write(to: folder.appendingPathComponent("failures.json"))
} else {
  try serve()
}
