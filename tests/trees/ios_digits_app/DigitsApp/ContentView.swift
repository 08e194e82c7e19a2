import Foundation
import PhotosUI
import SwiftUI
import UIKit

/// Shows the model what the camera sees, or a photo, and what it says of it.
struct ContentView: View {
  @StateObject private var holder = ModelHolder()
  @StateObject private var feed = PictureFeed()
  @State private var picked: PhotosPickerItem?
  @State private var turns = 0
  @Environment(\.verticalSizeClass) private var verticalSizeClass
  @Environment(\.openURL) private var openURL

  private var isLow: Bool { verticalSizeClass == .compact }

  var body: some View {
    let layout = isLow ? AnyLayout(HStackLayout(spacing: 0)) : AnyLayout(VStackLayout(spacing: 0))
    layout {
      picture
        .frame(maxWidth: .infinity, minHeight: 200, maxHeight: .infinity)
        .background(.black)
      // As high as it must be; where text is very large, it scrolls.
      ViewThatFits(in: .vertical) {
        panel
        ScrollView { panel }
      }
      .frame(maxWidth: isLow ? 320 : .infinity)
      .background(.regularMaterial)
      .layoutPriority(1)
    }
    .task(id: holder.asked) { await holder.load() }
    .task { await feed.showCamera(.back) }
    .task { await feed.answerFrames(with: holder) }
    .task(id: picked) {
      if let picked { await feed.show(picked) }
    }
    .task(id: question) { await feed.answerPhoto(with: holder) }
    .onReceive(
      NotificationCenter.default.publisher(for: UIDevice.orientationDidChangeNotification)
    ) { _ in
      turns += 1
    }
  }

  private var picture: some View {
    ZStack {
      Group {
        if let photo = feed.photo {
          Image(decorative: photo.image, scale: 1).resizable().scaledToFit()
        } else {
          CameraPreview(camera: feed.camera, position: feed.position, turns: turns)
        }
      }
      .accessibilityElement()
      .accessibilityLabel("What the camera sees, or a photo")
    }
    .clipped()
  }

  private var panel: some View {
    VStack(alignment: .leading, spacing: 8) {
      ModelStatus(holder: holder, milliseconds: feed.answer?.milliseconds)
      problem
      if let answer = feed.answer {
        AnswerView(answer: answer.answer)
      }
      ModelControls(holder: holder)
      buttons
    }
    .padding()
  }

  @ViewBuilder private var problem: some View {
    switch feed.problem {
    case .cameraRefused:
      Text("Without the permission for the camera, only photos can be shown to the model.")
      Button("Open Settings") {
        if let url = URL(string: UIApplication.openSettingsURLString) { openURL(url) }
      }
    case .noCamera: Text("There is no such camera. Photos work.")
    case .noPhoto: Text("The photo cannot be read.")
    case .failed(let reason): Text(verbatim: reason)
    case nil: EmptyView()
    }
  }

  private var buttons: some View {
    HStack {
      PhotosPicker(selection: $picked, matching: .images) {
        Label("Photo", systemImage: "photo")
      }
      Spacer()
      if feed.photo == nil {
        Button {
          Task { await feed.flip() }
        } label: {
          Label("Flip", systemImage: "arrow.triangle.2.circlepath.camera")
        }
        .accessibilityLabel("Take the other camera")
      } else {
        Button {
          picked = nil
          Task { await feed.showCamera(feed.position) }
        } label: {
          Label("Camera", systemImage: "camera")
        }
      }
    }
    .buttonStyle(.bordered)
  }

  private var question: Question {
    Question(
      photo: feed.photo?.id, generation: holder.generation, options: holder.options)
  }
}

/// What makes another answer about a photo.
private struct Question: Equatable {
  let photo: UUID?
  let generation: Int
  let options: Model.Options
}
