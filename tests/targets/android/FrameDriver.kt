// Makes the inputs of modules from frames of 1080x1920 pixels, as often as standard input asks for, and tells how long
// that takes and what it allocates; see workers.py.
package packager.tests

import android.graphics.Bitmap
import com.sun.management.ThreadMXBean
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.tensorflow.lite.DataType
import org.tensorflow.lite.support.common.ops.CastOp
import org.tensorflow.lite.support.common.ops.NormalizeOp
import org.tensorflow.lite.support.image.ImageProcessor
import org.tensorflow.lite.support.image.TensorImage
import org.tensorflow.lite.support.image.ops.ResizeOp
import java.io.File
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer
import java.nio.ByteOrder

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class FrameDriver {
    private val work = File(System.getProperty("packager.work")!!)
    private val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
    private val bitmap = bitmap()
    private val y = plane(1920 * 1088)
    private val vu = plane(960 * 1088)

    @Test
    fun serve() {
        val works = works()
        println("ready")
        generateSequence(::readlnOrNull).forEach { line ->
            val (name, count) = line.split(" ")
            val rounds = count.toInt()
            println(if (name.startsWith("bytes:")) bytes(rounds, works.getValue(name.drop(6))) else seconds(rounds, works.getValue(name)))
        }
    }

    // Of the processor, which others use too.
    private fun seconds(rounds: Int, work: () -> Unit): Double =
        (0 until rounds).minOf {
            val start = threads.currentThreadCpuTime
            work()
            (threads.currentThreadCpuTime - start) / 1e9
        }

    // What this thread allocates a round.
    private fun bytes(rounds: Int, work: () -> Unit): Double {
        val id = Thread.currentThread().id
        val before = threads.getThreadAllocatedBytes(id)
        for (round in 0 until rounds) work()
        return (threads.getThreadAllocatedBytes(id) - before).toDouble() / rounds
    }

    private fun works(): Map<String, () -> Unit> {
        val antialias = com.example.antialias.Preprocessor(table("antialias"), input(4))
        val bilinear = com.example.bilinear.Preprocessor(table("bilinear"), input(4))
        val bytes = com.example.bilinear_bytes.Preprocessor(table("bilinear_bytes"), input(1))
        val resize = ResizeOp(224, 224, ResizeOp.ResizeMethod.BILINEAR)
        val floats = ImageProcessor.Builder().add(resize).add(NormalizeOp(127.5f, 127.5f)).build()
        val items = ImageProcessor.Builder().add(resize).add(CastOp(DataType.UINT8)).build()
        val works = mutableMapOf<String, () -> Unit>(
            "support_float32" to { process(floats, DataType.FLOAT32) },
            "support_uint8" to { process(items, DataType.UINT8) },
            "bilinear_float32" to { bilinear.prepare(bitmap, 0, null) },
            "bilinear_uint8" to { bytes.prepare(bitmap, 0, null) },
            "nothing" to {},
        )
        val row = IntArray(1080)
        works["rows"] = { for (y in 0 until 1920) bitmap.getPixels(row, 0, 1080, 0, y, 1080, 1) }
        val antialiasFrame = com.example.antialias.YuvFrame(1920, 1080, y, u(), vu, 1920, 1920, 2)
        val bilinearFrame = com.example.bilinear.YuvFrame(1920, 1080, y, u(), vu, 1920, 1920, 2)
        for (rotation in listOf(0, 90)) {
            works["antialias_bitmap_$rotation"] = { antialias.prepare(bitmap, rotation, null) }
            works["bilinear_bitmap_$rotation"] = { bilinear.prepare(bitmap, rotation, null) }
            works["antialias_yuv_$rotation"] = { antialias.prepare(antialiasFrame, rotation, null) }
            works["bilinear_yuv_$rotation"] = { bilinear.prepare(bilinearFrame, rotation, null) }
        }
        return works
    }

    private fun process(processor: ImageProcessor, type: DataType) {
        val image = TensorImage(type)
        image.load(bitmap)
        processor.process(image).buffer
    }

    private fun table(name: String) = File(work, "$name.table").readBytes()

    private fun input(itemBytes: Int) = ByteBuffer.allocateDirect(224 * 224 * 3 * itemBytes).order(ByteOrder.nativeOrder())

    private fun bitmap(): Bitmap {
        val pixels = IntArray(1080 * 1920)
        ByteBuffer.wrap(File(work, "pixels.argb").readBytes()).asIntBuffer().get(pixels)
        return Bitmap.createBitmap(pixels, 1080, 1920, Bitmap.Config.ARGB_8888).also { it.setHasAlpha(false) }
    }

    private fun plane(size: Int): ByteBuffer {
        val noise = java.util.Random(size.toLong())
        return ByteBuffer.allocateDirect(size).put(ByteArray(size).also(noise::nextBytes)).also { it.rewind() }
    }

    // As of NV21, where it begins a byte after the other.
    private fun u(): ByteBuffer = vu.duplicate().position(1).slice()
}
