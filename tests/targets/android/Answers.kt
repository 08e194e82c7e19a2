// Reads answers from raw outputs, as a module's AnswerReader does; it knows no module.
package packager.tests

import android.graphics.Rect
import com.sun.management.ThreadMXBean
import org.json.JSONArray
import org.json.JSONObject
import java.io.File
import java.lang.management.ManagementFactory
import java.lang.reflect.Method
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * The answers of one module: of each case the outputs stand one behind the other in a file, and "options" are the
 * arguments of its Options. With "runs" each is read so often, and the answers hold the milliseconds of a run (the
 * median of the second half) and the bytes that the last one allocated.
 */
internal class Answers(private val folder: File, private val task: JSONObject) {
    private val name = task.getString("package")
    private val reader = newReader()
    private val read: Method = reader.javaClass.methods.first {
        it.name == "read" && it.parameterTypes.first() == ByteBuffer::class.java
    }

    fun read(): JSONArray {
        val bytes = ByteBuffer.wrap(File(folder, task.getString("file")).readBytes())
        val cases = task.getJSONArray("cases")
        return JSONArray(List(cases.length()) { read(cases.getJSONObject(it), bytes) })
    }

    private fun read(case: JSONObject, bytes: ByteBuffer): JSONObject {
        val outputs = case.getJSONArray("lengths").numbers().map { length ->
            val items = ByteArray(length).also { bytes.get(it) }
            // As the interpreter gives them.
            ByteBuffer.allocateDirect(length).apply { put(items).flip() }.asReadOnlyBuffer().order(ByteOrder.nativeOrder())
        }
        val options = if (case.isNull("options")) emptyList() else listOf(newOptions(name, case.getJSONArray("options")))
        val arguments = (outputs + newPlacements(case) + options).toTypedArray()
        val runs = case.optInt("runs", 1)
        val times = LongArray(runs)
        var allocated = 0L
        var answer: Any? = null
        for (run in 0 until runs) {
            val before = threads.getThreadAllocatedBytes(Thread.currentThread().id)
            val start = System.nanoTime()
            answer = read.invoke(reader, *arguments)
            times[run] = System.nanoTime() - start
            allocated = threads.getThreadAllocatedBytes(Thread.currentThread().id) - before
        }
        val late = times.drop(runs / 2).sorted()
        return JSONObject()
            .put("answer", toJson(answer))
            .put("milliseconds", late[late.size / 2] / 1e6)
            .put("allocated", allocated)
    }

    private fun newReader(): Any {
        val type = Class.forName("$name.AnswerReader")
        if (task.isNull("labels")) return type.getConstructor().newInstance()
        val texts = task.getJSONArray("labels").let { labels -> List(labels.length()) { labels.getString(it) } }
        val labels = Class.forName("$name.Labels")
        return type.getConstructor(labels)
            .newInstance(labels.getConstructor(List::class.java, List::class.java).newInstance(texts, texts))
    }

    private fun newPlacements(case: JSONObject): List<Any> {
        if (case.isNull("size")) return emptyList()
        val (width, height) = case.getJSONArray("size").numbers()
        val type = Class.forName("$name.Placement")
        val placement = type.getConstructor().newInstance()
        type.getMethod("set", Int::class.java, Int::class.java, Rect::class.java).invoke(placement, width, height, null)
        return listOf(placement)
    }

    private fun JSONArray.numbers(): List<Int> = List(length()) { getInt(it) }

    private companion object {
        val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
    }
}

internal fun newOptions(module: String, values: JSONArray): Any {
    val constructor = Class.forName("$module.Options").constructors
        .single { it.parameterCount == values.length() && it.parameterTypes.none { type -> type.isSynthetic } }
    val arguments = constructor.parameterTypes.mapIndexed { index, type ->
        when (type) {
            Int::class.java -> values.getInt(index)
            Float::class.java -> values.getDouble(index).toFloat()
            else -> values.getJSONArray(index).let { texts -> List(texts.length()) { texts.getString(it) }.toSet() }
        }
    }
    return constructor.newInstance(*arguments.toTypedArray())
}

/** Data classes as objects of their properties; JSON has no word for NaN. */
internal fun toJson(value: Any?): Any =
    when (value) {
        null -> JSONObject.NULL
        is Int, is String -> value
        is Float, is Double -> value.toString()
        is ByteArray -> JSONArray(value.map { it.toInt() and 0xFF })
        is List<*> -> JSONArray(value.map(::toJson))
        is android.graphics.RectF -> toJson(listOf(value.left, value.top, value.right, value.bottom))
        else -> JSONObject().also { json ->
            for (field in value.javaClass.declaredFields.filterNot { java.lang.reflect.Modifier.isStatic(it.modifiers) }) {
                json.put(field.name, toJson(field.apply { isAccessible = true }.get(value)))
            }
        }
    }
