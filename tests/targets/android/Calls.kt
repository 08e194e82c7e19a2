// Calls the class of a module as an app does; it knows no module.
package packager.tests

import android.content.Context
import android.graphics.Bitmap
import com.sun.management.ThreadMXBean
import org.json.JSONArray
import org.json.JSONObject
import java.io.Closeable
import java.lang.management.ManagementFactory
import java.lang.reflect.InvocationTargetException
import java.lang.reflect.Method
import java.util.Locale
import java.util.regex.Pattern

/**
 * The calls of one object: "locale" is a language tag, and "calls" name a method with its arguments, each by what it is.
 * What is thrown is a failure in place of an answer.
 */
internal class Calls(private val context: Context, private val task: JSONObject) {
    private val module = task.getString("class").substringBeforeLast('.')
    private val type = Class.forName(task.getString("class"))

    fun answer(): JSONArray {
        val model = create()
        val calls = task.getJSONArray("calls")
        return JSONArray(List(calls.length()) { answer(model, calls.getJSONObject(it)) }).also { model.close() }
    }

    private fun create(): Closeable {
        if (task.isNull("locale")) return type.getMethod("create", Context::class.java).invoke(null, context) as Closeable
        val method = type.methods.single { it.name == "create" && it.parameterTypes.last() == Locale::class.java }
        val accelerator = Class.forName("$module.Accelerator").enumConstants!!.first()
        return method.invoke(null, context, accelerator, 1, false, Locale.forLanguageTag(task.getString("locale"))) as Closeable
    }

    private fun answer(model: Any, call: JSONObject): JSONObject =
        try {
            val result = if (call.has("blocks")) stream(model, call) else call(model, call.getString("method"), call)
            JSONObject().put("answer", toJson(result))
        } catch (failed: InvocationTargetException) {
            JSONObject().put("failure", failed.targetException.let { "${it.javaClass.simpleName}: ${it.message}" })
        }

    private fun call(model: Any, name: String, call: JSONObject): Any? {
        val given = call.optJSONArray("given") ?: JSONArray()
        val arguments = List(given.length()) { argument(given.getJSONObject(it)) }
        return method(name, arguments).invoke(model, *arguments.toTypedArray())
    }

    private fun method(name: String, arguments: List<Any?>): Method =
        type.methods.single { method ->
            val types = method.parameterTypes.map { it.kotlin.javaObjectType }
            method.name == name && types.size == arguments.size &&
                types.zip(arguments).all { (type, argument) -> argument == null || type.isInstance(argument) }
        }

    private fun argument(given: JSONObject): Any? {
        val name = given.keys().next()
        val values = given.optJSONArray(name)
        return when (name) {
            "null" -> null
            "gray" -> Bitmap.createBitmap(intArrayOf(given.getInt(name) * 0x010101 - 0x1000000), 1, 1, Bitmap.Config.ARGB_8888)
            "text" -> given.getString(name)
            "int" -> given.getInt(name)
            "floats" -> FloatArray(values!!.length()) { values.getDouble(it).toFloat() }
            "shorts" -> ShortArray(values!!.length()) { values.getInt(it).toShort() }
            "bytes" -> ByteArray(values!!.length()) { values.getInt(it).toByte() }
            "options" -> newOptions(module, values!!)
            else -> error(name)
        }
    }

    /** The windows of blocks, which are written one after the other, and the bytes that the last block without one takes. */
    private fun stream(model: Any, call: JSONObject): Any {
        val stream = call(model, "stream", call)!!
        val blocks = call.getJSONArray("blocks").let { blocks -> List(blocks.length()) { argument(blocks.getJSONObject(it))!! } }
        val write = stream.javaClass.methods.single {
            it.name == "write" && it.parameterCount == 4 && it.parameterTypes.first() == blocks.first().javaClass
        }
        val windows = mutableListOf<Any>()
        val onWindow: (Any) -> Unit = { windows += it }
        var allocated = 0L
        for (block in blocks) {
            val size = java.lang.reflect.Array.getLength(block)
            val arguments = arrayOf(block, 0, size, onWindow)
            val count = windows.size
            val before = threads.getThreadAllocatedBytes(Thread.currentThread().id)
            write.invoke(stream, *arguments)
            if (windows.size == count) allocated = threads.getThreadAllocatedBytes(Thread.currentThread().id) - before
        }
        return listOf(windows, allocated.toInt())
    }

    private companion object {
        val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
    }
}

/** The numbers of the tokens of "texts", of which each has so many at most as "length" says. */
internal fun encode(context: Context, task: JSONObject): JSONArray {
    val vocabulary = JSONObject(context.assets.open(task.getString("vocabulary")).use { it.readBytes().decodeToString() })
    val type = Class.forName("${task.getString("package")}.Tokenizer")
    val tokenizer = type.getConstructor(JSONObject::class.java).newInstance(vocabulary)
    val encode = type.getMethod("encode", String::class.java, IntArray::class.java)
    val texts = task.getJSONArray("texts")
    val numbers = IntArray(task.getInt("length"))
    return JSONArray(
        List(texts.length()) { index ->
            val count = encode.invoke(tokenizer, texts.getString(index), numbers) as Int
            JSONArray(numbers.take(count))
        },
    )
}

/** Where a pattern matches in texts: of each the start and the end of all matches. */
internal fun match(task: JSONObject): JSONArray {
    val pattern = Pattern.compile(task.getString("pattern"))
    val texts = task.getJSONArray("texts")
    return JSONArray(
        List(texts.length()) { index ->
            val matcher = pattern.matcher(texts.getString(index))
            JSONArray(generateSequence { if (matcher.find()) JSONArray(listOf(matcher.start(), matcher.end())) else null }.toList())
        },
    )
}

/** The first and the last of the characters that this JVM knows, row by row. */
internal fun knownCharacters(): JSONArray {
    val rows = JSONArray()
    var first = 0
    for (code in 0..Character.MAX_CODE_POINT + 1) {
        val isKnown = code <= Character.MAX_CODE_POINT && Character.getType(code).toByte() != Character.UNASSIGNED
        if (isKnown) continue
        if (first < code) rows.put(JSONArray(listOf(first, code)))
        first = code + 1
    }
    return rows
}
