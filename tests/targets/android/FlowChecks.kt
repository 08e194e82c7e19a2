// Uses the functions for coroutines of the module digits, and lists what is wrong with them.
package com.example.digits

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Color
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicInteger

object FlowChecks {
    private val made = AtomicInteger()
    private val closed = AtomicInteger()

    @JvmStatic
    fun run(context: Context): List<String> {
        val wrong = mutableListOf<String>()

        fun check(condition: Boolean, message: () -> String) {
            if (!condition) wrong += message()
        }
        DigitsClassifier.create(context).use { model ->
            runBlocking {
                withTimeout(60_000) {
                    val bitmap = Bitmap.createBitmap(40, 30, Bitmap.Config.ARGB_8888).apply { eraseColor(Color.GRAY) }
                    val one = model.classify(bitmap)
                    val many = List(40) { async(Dispatchers.Default) { model.awaitClassify(bitmap) } }.awaitAll()
                    check(many.all { it == one }) { "awaitClassify answers otherwise than classify" }
                    val frame = frame(0)
                    check(model.awaitClassify(frame) == model.classify(frame)) { "a frame is answered otherwise" }
                    check(closed.get() == 0) { "a frame that is not in a flow was closed" }
                    frame.close()

                    // Frames as fast as they can be made, to one who takes his time.
                    val answers = model.classifications(fast(500)).onEach { delay(20) }.toList()
                    check(answers.size in 2..400) { "500 frames gave ${answers.size} answers" }
                    val last = frame(499).use { model.classify(it) }
                    check(answers.last() == last) { "the newest frame was not answered: ${answers.last()}, not $last" }
                    check(made.get() == closed.get()) { "of ${made.get()} frames ${closed.get()} were closed" }

                    // All are answered where the model keeps up.
                    val slow = flow { repeat(5) { emit(frame(it)).also { delay(100) } } }
                    val each = model.classifications(slow).toList()
                    check(each.size == 5) { "5 slow frames gave ${each.size} answers" }
                    check(made.get() == closed.get()) { "of ${made.get()} slow frames ${closed.get()} were closed" }

                    // One who has enough.
                    val three = model.classifications(endless()).take(3).toList()
                    check(three.size == 3) { "take(3) gave ${three.size} answers" }
                    check(made.get() == closed.get()) { "of ${made.get()} frames ${closed.get()} were closed by take" }

                    // Cancelled from outside, while frames come from another thread.
                    val job = launch(Dispatchers.Default) { model.classifications(camera()).collect { } }
                    delay(200)
                    job.cancel()
                    job.join()
                    check(made.get() == closed.get()) { "of ${made.get()} frames ${closed.get()} closed by cancel" }

                    // What goes wrong with the frames, or with an answer, is told.
                    val broken = flow { emit(frame(1)).also { error("no camera") } }
                    val told = runCatching { model.classifications(broken).toList() }.exceptionOrNull()
                    check(told?.message == "no camera") { "frames failed, and $told was told" }
                    val turned = runCatching { model.classifications(fast(3), rotationDegrees = 45).toList() }
                    val refused = turned.exceptionOrNull()
                    check(refused is IllegalArgumentException) { "a rotation of 45 gave $refused" }
                    check(made.get() == closed.get()) { "of ${made.get()} frames ${closed.get()} closed by failures" }
                }
            }
        }
        return wrong
    }

    private fun frame(number: Int): YuvFrame {
        made.incrementAndGet()
        val plane = ByteArray(28 * 28) { ((it * 7 + number * 31) % 256).toByte() }
        val chroma = ByteBuffer.wrap(ByteArray(14 * 14) { -128 })
        return YuvFrame(28, 28, ByteBuffer.wrap(plane), chroma, chroma, 28, 14, 1) { closed.incrementAndGet() }
    }

    private fun fast(count: Int): Flow<YuvFrame> = flow { repeat(count) { emit(frame(it)) } }

    private fun endless(): Flow<YuvFrame> = flow { while (true) emit(frame(1)) }

    private fun camera(): Flow<YuvFrame> =
        flow {
            while (true) {
                emit(frame(2))
                delay(1)
            }
        }
}
