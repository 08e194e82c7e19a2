// Runs generated modules as job.json says, and writes what they answer to answers.json. It knows no module: the
// tests name their packages and classes.
package packager.tests

import android.content.Context
import android.content.res.AssetManager
import android.content.res.Resources
import android.graphics.Bitmap
import android.graphics.Rect
import android.view.ContextThemeWrapper
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.nio.ByteBuffer
import java.nio.ByteOrder

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class Driver {
    private val work = File(System.getProperty("packager.work")!!)
    private val context: Context = RuntimeEnvironment.getApplication()

    @Test
    fun run() {
        val job = JSONObject(File(work, "job.json").readText())
        val answers = JSONObject()
        for (section in job.keys()) {
            val tasks = job.getJSONArray(section)
            val results = List(tasks.length()) { index ->
                val task = tasks.getJSONObject(index)
                when (section) {
                    "selfTests" -> selfTest(task, context)
                    "damaged" -> selfTest(task, withAssetsOf(task.getString("apk")))
                    "goldenCasesTests" -> goldenCasesTest(task)
                    "fits" -> fit(task)
                    "conversions" -> convert(task)
                    "answers" -> Answers(work, task).read()
                    "calls" -> Calls(context, task).answer()
                    "tokens" -> encode(context, task)
                    "patterns" -> match(task)
                    "characters" -> knownCharacters()
                    else -> error(section)
                }
            }
            answers.put(section, JSONArray(results))
        }
        File(work, "answers.json").writeText(answers.toString())
    }

    private fun withAssetsOf(apk: String): Context {
        val manager = AssetManager::class.java.getDeclaredConstructor().newInstance()
        val cookie = AssetManager::class.java.getMethod("addAssetPath", String::class.java)
            .invoke(manager, File(work, apk).path) as Int
        check(cookie > 0) { "no assets in $apk" }
        // A subclass of Context cannot be written here: Robolectric adds abstract members to it when it is loaded.
        @Suppress("DEPRECATION")
        val resources = Resources(manager, context.resources.displayMetrics, context.resources.configuration)
        return ContextThemeWrapper(context, 0).also {
            ContextThemeWrapper::class.java.getDeclaredField("mResources").apply { isAccessible = true }.set(it, resources)
        }
    }

    private fun selfTest(task: JSONObject, context: Context): JSONObject {
        val test = Class.forName("${task.getString("package")}.SelfTest")
            .getConstructor(Context::class.java, AssetManager::class.java)
            .newInstance(context, context.assets)
        val report = test.call("run")!!
        return JSONObject()
            .put("passed", report.call("getPassed"))
            .put("cases", report.call("getCases"))
            .put("failures", JSONArray(report.call("getFailures") as List<*>))
            .put("report", report.toString())
    }

    // The JUnit test of the module, as a device runs it.
    private fun goldenCasesTest(task: JSONObject): JSONObject {
        val test = Class.forName("${task.getString("package")}.GoldenCasesTest").getConstructor().newInstance()
        val failure = try {
            test.call("goldenCases")
            null
        } catch (failed: InvocationTargetException) {
            failed.targetException
        }
        return JSONObject().put("failure", failure?.toString() ?: JSONObject.NULL)
    }

    // Makes the input of each picture, of which one file holds all bytes, and writes the tensors; gives what is refused.
    private fun fit(task: JSONObject): JSONArray {
        val table = context.assets.open(task.getString("table")).use { it.readBytes() }
        val input = ByteBuffer.allocateDirect(task.getInt("size")).order(ByteOrder.nativeOrder())
        val module = task.getString("package")
        val preprocessor = Class.forName("$module.Preprocessor")
            .getConstructor(ByteArray::class.java, ByteBuffer::class.java).newInstance(table, input)
        val data = File(work, task.getString("data")).readBytes()
        val pictures = task.getJSONArray("pictures")
        File(work, task.getString("out")).outputStream().use { out ->
            return JSONArray(
                List(pictures.length()) { index ->
                    val failure = prepare(preprocessor, module, pictures.getJSONObject(index), data)
                    check(input.position() == 0 && input.limit() == input.capacity())
                    ByteArray(input.capacity()).also { input.duplicate().get(it) }.let(out::write)
                    failure ?: JSONObject.NULL
                },
            )
        }
    }

    private fun prepare(preprocessor: Any, module: String, picture: JSONObject, data: ByteArray): String? =
        try {
            val region = picture.optJSONArray("region")?.let { Rect(it.getInt(0), it.getInt(1), it.getInt(2), it.getInt(3)) }
            val planes = picture.optJSONObject("planes")
            val source = if (planes == null) bitmap(picture, data) else frame(module, picture, planes, data)
            val type = if (planes == null) Bitmap::class.java else source.javaClass
            preprocessor.javaClass.getMethod("prepare", type, Int::class.java, Rect::class.java)
                .invoke(preprocessor, source, picture.getInt("rotation"), region)
            null
        } catch (failed: InvocationTargetException) {
            failed.targetException.toString()
        }

    private fun bitmap(picture: JSONObject, data: ByteArray): Bitmap {
        val (width, height) = picture.getInt("width") to picture.getInt("height")
        val pixels = IntArray(width * height)
        ByteBuffer.wrap(data).position(picture.getInt("start")).asIntBuffer().get(pixels)
        val bitmap = Bitmap.createBitmap(pixels, width, height, Bitmap.Config.ARGB_8888)
        return bitmap.copy(Bitmap.Config.valueOf(picture.getString("config")), false)
    }

    // Each plane is [where it starts, how many bytes it has], in buffers whose position is another one.
    private fun frame(module: String, picture: JSONObject, planes: JSONObject, data: ByteArray): Any {
        val buffers = listOf("y", "u", "v").map { name ->
            val place = planes.getJSONArray(name)
            val plane = ByteBuffer.allocateDirect(place.getInt(1)).put(data, place.getInt(0), place.getInt(1))
            plane.position(place.getInt(1) / 2)
        }
        val strides = listOf("y_row_stride", "uv_row_stride", "uv_pixel_stride").map { planes.getInt(it) }
        val int = Int::class.java
        val plane = ByteBuffer::class.java
        return Class.forName("$module.YuvFrame").getConstructor(int, int, plane, plane, plane, int, int, int)
            .newInstance(picture.getInt("width"), picture.getInt("height"), *buffers.toTypedArray(), *strides.toTypedArray())
            .also { check(buffers.all { it.position() == it.limit() / 2 }) }
    }

    private fun arrayOf(task: JSONObject): Any {
        val values = task.getJSONArray("values")
        val numbers = List(values.length()) { values.getDouble(it) }
        return when (val type = task.getString("type")) {
            "FloatArray" -> numbers.map { it.toFloat() }.toFloatArray()
            "ByteArray" -> numbers.map { it.toInt().toByte() }.toByteArray()
            "ShortArray" -> numbers.map { it.toInt().toShort() }.toShortArray()
            "IntArray" -> numbers.map { it.toInt() }.toIntArray()
            else -> error(type)
        }
    }

    // Calls a static conversion such as quantizeX(FloatArray), and gives its items as doubles.
    private fun convert(task: JSONObject): JSONArray {
        val argument = arrayOf(task)
        val method = Class.forName(task.getString("class")).getMethod(task.getString("method"), argument.javaClass)
        val items: List<Number> = when (val result = method.invoke(null, argument)) {
            is FloatArray -> result.toList()
            is ByteArray -> result.toList()
            is ShortArray -> result.toList()
            is IntArray -> result.toList()
            else -> error(result.javaClass)
        }
        return JSONArray(items.map { it.toDouble() })
    }

    private fun Any.call(method: String): Any? = javaClass.getMethod(method).invoke(this)
}
