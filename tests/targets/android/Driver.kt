// Runs generated modules as job.json says, and writes what they answer to answers.json. It knows no module: the
// tests name their packages and classes.
package packager.tests

import android.content.Context
import android.content.res.AssetManager
import android.content.res.Resources
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.view.ContextThemeWrapper
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import java.io.Closeable
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.nio.ByteBuffer

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
                    "classifications" -> classify(task)
                    "rankings" -> rank(task)
                    "conversions" -> convert(task)
                    "answers" -> Answers(work, task).read()
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

    // Resizes each picture, raw ARGB pixels in a file, and writes the pixels that the model would get.
    private fun fit(task: JSONObject): JSONObject {
        val table = context.assets.open(task.getString("table")).use { it.readBytes() }
        val preprocessor = Class.forName("${task.getString("package")}.Preprocessor")
            .getConstructor(ByteArray::class.java).newInstance(table)
        val pixels = ByteBuffer.wrap(File(work, task.getString("pixels")).readBytes()).asIntBuffer()
        val sizes = task.getJSONArray("sizes")
        File(work, task.getString("out")).outputStream().use { out ->
            for (i in 0 until sizes.length()) {
                val size = sizes.getJSONArray(i)
                val picture = IntArray(size.getInt(0) * size.getInt(1)).also { pixels.get(it) }
                val bitmap = Bitmap.createBitmap(picture, size.getInt(0), size.getInt(1), Bitmap.Config.ARGB_8888)
                out.write(preprocessor.javaClass.getMethod("fit", Bitmap::class.java).invoke(preprocessor, bitmap) as ByteArray)
            }
        }
        return JSONObject()
    }

    private fun classify(task: JSONObject): JSONObject {
        val type = Class.forName(task.getString("class"))
        val classifier = type.getMethod("create", Context::class.java).invoke(null, context) as Closeable
        val labels = classifier.call("getLabels") as List<*>
        val picture = context.assets.open(task.getString("picture")).use { BitmapFactory.decodeStream(it) }
        val categories = type.getMethod("classify", Bitmap::class.java, Int::class.java)
            .invoke(classifier, picture, labels.size) as List<*>
        classifier.close()
        return JSONObject()
            .put("labels", JSONArray(labels))
            .put("answers", JSONArray(categories.map { JSONArray(listOf(it!!.call("getIndex"), it.call("getLabel"))) }))
    }

    // Ranks raw outputs, and gives the indices and scores; JSON has no word for NaN.
    private fun rank(task: JSONObject): JSONArray {
        val output = arrayOf(task)
        val labels = List(task.getJSONArray("values").length()) { "$it" }
        val method = Class.forName("${task.getString("package")}.RankingKt")
            .getMethod("rank", output.javaClass, List::class.java)
        val categories = method.invoke(null, output, labels) as List<*>
        return JSONArray(categories.map { JSONArray(listOf(it!!.call("getIndex"), it.call("getScore").toString())) })
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
