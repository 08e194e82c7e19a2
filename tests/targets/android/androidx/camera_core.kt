// What the generated apps use of androidx.camera, as it is published, in the project androidx/androidx:
// camera/camera-core/src/main/java/androidx/camera/core/
//   CameraSelector.java, ImageAnalysis.java, ImageInfo.java, ImageProxy.java (commit 014095400f86), Preview.java,
//   UseCase.java
// The camera of the tests gives nothing.
package androidx.camera.core

import java.nio.ByteBuffer
import java.util.concurrent.Executor

interface Camera

abstract class UseCase

class CameraSelector private constructor(val lensFacing: Int?) {
    class Builder {
        private var lens: Int? = null

        fun requireLensFacing(lensFacing: Int): Builder = apply { lens = lensFacing }

        fun build(): CameraSelector = CameraSelector(lens)
    }

    companion object {
        const val LENS_FACING_FRONT: Int = 0
        const val LENS_FACING_BACK: Int = 1
    }
}

interface ImageInfo {
    val rotationDegrees: Int
}

interface ImageProxy : AutoCloseable {
    override fun close()

    val width: Int
    val height: Int
    val planes: Array<PlaneProxy>
    val imageInfo: ImageInfo

    interface PlaneProxy {
        val rowStride: Int
        val pixelStride: Int
        val buffer: ByteBuffer
    }
}

class ImageAnalysis private constructor(val backpressureStrategy: Int, val outputImageFormat: Int) : UseCase() {
    private var executor: Executor? = null
    private var analyzer: Analyzer? = null

    fun setAnalyzer(executor: Executor, analyzer: Analyzer) {
        this.executor = executor
        this.analyzer = analyzer
    }

    fun clearAnalyzer() {
        analyzer = null
    }

    /** For tests: has the analyzer do something, where it was told to. */
    fun onThread(action: (Analyzer) -> Unit) {
        executor!!.execute { action(analyzer!!) }
    }

    fun interface Analyzer {
        fun analyze(image: ImageProxy)
    }

    class Builder {
        private var strategy = STRATEGY_KEEP_ONLY_LATEST
        private var format = OUTPUT_IMAGE_FORMAT_YUV_420_888

        fun setBackpressureStrategy(strategy: Int): Builder = apply { this.strategy = strategy }

        fun setOutputImageFormat(outputImageFormat: Int): Builder = apply { format = outputImageFormat }

        fun build(): ImageAnalysis = ImageAnalysis(strategy, format)
    }

    companion object {
        const val STRATEGY_KEEP_ONLY_LATEST: Int = 0
        const val OUTPUT_IMAGE_FORMAT_YUV_420_888: Int = 1
    }
}

class Preview private constructor() : UseCase() {
    private var provider: SurfaceProvider? = null

    fun setSurfaceProvider(surfaceProvider: SurfaceProvider?) {
        provider = surfaceProvider
    }

    fun interface SurfaceProvider {
        fun onSurfaceRequested(request: SurfaceRequest)
    }

    class Builder {
        fun build(): Preview = Preview()
    }
}

class SurfaceRequest private constructor()
