# Made by tflite-packager.
Pod::Spec.new do |s|
  s.name = 'Sine'
  s.version = '1.0.0'
  s.summary = 'The model Sine for TensorFlow Lite, with golden cases and a self-test.'

  # Yours to change when you publish the pod; one that an app takes by :path needs none of them.
  s.homepage = 'https://example.com/Sine'
  s.authors = 'Sine'
  s.license = { :type => 'See README.md' }
  s.source = { :git => 'https://example.com/Sine.git', :tag => s.version.to_s }

  s.ios.deployment_target = '13.0'
  s.swift_version = '5.9'
  # TensorFlowLiteC is a static library, and with use_frameworks! a dynamic pod may not depend on one.
  s.static_framework = true

  s.source_files = 'Sources/Sine/*.swift'
  s.resource_bundles = {
    'SineAssets' => 'Sources/Sine/Assets/*',
    'SinePrivacy' => 'Sources/Sine/PrivacyInfo.xcprivacy'
  }
  s.dependency 'TensorFlowLiteC', '~> 2.14'

  # The libraries of the accelerators; an app that wants them names them.
  s.default_subspecs = :none
  s.subspec 'CoreML' do |core_ml|
    core_ml.dependency 'TensorFlowLiteC/CoreML', '~> 2.14'
  end
  s.subspec 'Metal' do |metal|
    metal.dependency 'TensorFlowLiteC/Metal', '~> 2.14'
  end

  s.test_spec 'Tests' do |tests|
    tests.source_files = 'Tests/SineTests/*.swift'
    tests.resources = 'Tests/SineTests/Golden'
  end
end
