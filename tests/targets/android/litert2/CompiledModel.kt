// Declarations of what generated code calls of LiteRT 2's Kotlin API. They mirror google-ai-edge/LiteRT as of the tag
// v2.2.0 (commit 145c7523), in litert/kotlin/src/main/kotlin/com/google/ai/edge/litert/: each names its file and line
// there. What generated code does not call is left out, and nothing here runs.
@file:Suppress("UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.res.AssetManager

// Common.kt:22
enum class Accelerator private constructor(val value: Int) {
    NONE(0),
    CPU(1),
    GPU(2),
    NPU(3),
}

// Common.kt:43; close is line 58.
abstract class JniHandle internal constructor(internal val handle: Long) : AutoCloseable {
    protected abstract fun destroy()

    override final fun close() = destroy()
}

// LiteRtException.kt:20; its status is left out.
class LiteRtException(message: String) : Exception(message)

// Environment.kt:22
class Environment private constructor(handle: Long) : JniHandle(handle) {
    // Environment.kt:43
    override protected fun destroy() = notRun()

    // Environment.kt:31
    enum class Option private constructor(val value: Int) {
        CompilerPluginLibraryDir(0),
        DispatchLibraryDir(1),
    }

    companion object {
        // Environment.kt:104
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        fun create(options: Map<Option, String> = mapOf()): Environment = notRun()
    }
}

// TensorBuffer.kt:20. Its writes and reads copy bits, without a look at the type of the tensor: WriteImp and ReadImp in
// litert/kotlin/src/main/jni/litert_tensor_buffer_jni.cc, lines 31 and 43. There is none for items of 16 bits.
class TensorBuffer internal constructor(handle: Long) : JniHandle(handle) {
    // TensorBuffer.kt:25
    @Throws(LiteRtException::class)
    fun writeInt(data: IntArray): Unit = notRun()

    // TensorBuffer.kt:32
    @Throws(LiteRtException::class)
    fun writeFloat(data: FloatArray): Unit = notRun()

    // TensorBuffer.kt:39
    @Throws(LiteRtException::class)
    fun writeInt8(data: ByteArray): Unit = notRun()

    // TensorBuffer.kt:46
    @Throws(LiteRtException::class)
    fun writeBoolean(data: BooleanArray): Unit = notRun()

    // TensorBuffer.kt:53
    @Throws(LiteRtException::class)
    fun writeLong(data: LongArray): Unit = notRun()

    // TensorBuffer.kt:60
    @Throws(LiteRtException::class)
    fun readInt(): IntArray = notRun()

    // TensorBuffer.kt:67
    @Throws(LiteRtException::class)
    fun readFloat(): FloatArray = notRun()

    // TensorBuffer.kt:74
    @Throws(LiteRtException::class)
    fun readInt8(): ByteArray = notRun()

    // TensorBuffer.kt:81
    @Throws(LiteRtException::class)
    fun readBoolean(): BooleanArray = notRun()

    // TensorBuffer.kt:88
    @Throws(LiteRtException::class)
    fun readLong(): LongArray = notRun()

    // TensorBuffer.kt:94
    protected override fun destroy() = notRun()
}

// Model.kt:56
class CompiledModel private constructor(handle: Long) : JniHandle(handle) {
    // Model.kt:64
    data class CpuOptions
    constructor(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    // Model.kt:94; the parameters behind these are left out.
    data class GpuOptions
    constructor(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
    ) {
        // Model.kt:113
        enum class Precision constructor(val value: Int) {
            DEFAULT(0),
            FP16(1),
            FP32(2),
            FP16_WITH_FP32_ACCUM(3),
        }
    }

    // Model.kt:337
    class Options constructor(internal val accelerators: Set<Accelerator>) {
        // Model.kt:339
        constructor(vararg accelerators: Accelerator) : this(setOf(*accelerators)) {}

        // Model.kt:341
        var cpuOptions: CpuOptions? = null

        // Model.kt:342
        var gpuOptions: GpuOptions? = null

        companion object {
            // Model.kt:346
            @JvmStatic val CPU = Options(Accelerator.CPU)
        }
    }

    // Model.kt:388. In the order of the graph's inputs: litert/core/model/model_load.cc, line 428.
    @Throws(LiteRtException::class)
    @JvmOverloads
    fun createInputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = notRun()

    // Model.kt:396
    @Throws(LiteRtException::class)
    fun createInputBuffers(signature: String): List<TensorBuffer> = notRun()

    // Model.kt:405
    @Throws(LiteRtException::class)
    @JvmOverloads
    fun createOutputBuffers(signatureIndex: Int = 0): List<TensorBuffer> = notRun()

    // Model.kt:413
    @Throws(LiteRtException::class)
    fun createOutputBuffers(signature: String): List<TensorBuffer> = notRun()

    // Model.kt:422
    @Throws(LiteRtException::class)
    @JvmOverloads
    fun run(inputs: List<TensorBuffer>, signatureIndex: Int = 0): List<TensorBuffer> = notRun()

    // Model.kt:441
    @Throws(LiteRtException::class)
    @JvmOverloads
    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>, signatureIndex: Int = 0): Unit = notRun()

    // Model.kt:494
    override fun destroy() = notRun()

    companion object {
        // Model.kt:583
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options = Options.CPU,
            optionalEnv: Environment? = null,
        ): CompiledModel = notRun()

        // Model.kt:595
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        fun create(
            filePath: String,
            options: Options = Options.CPU,
            optionalEnv: Environment? = null,
        ): CompiledModel = notRun()
    }
}

private fun notRun(): Nothing = throw UnsupportedOperationException("these declarations are for the compiler")
