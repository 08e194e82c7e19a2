// Creates, shares and closes generated classifiers of pictures and models of tensors as job.json says, and writes what
// it saw to answers.json. Like Driver.kt it knows no module.
package packager.tests

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.util.ReflectionHelpers
import java.io.Closeable
import java.io.File
import java.lang.reflect.InvocationTargetException
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class RuntimeDriver {
    private val work = File(System.getProperty("packager.work")!!)
    private val context: Context = RuntimeEnvironment.getApplication()

    @Test
    fun run() {
        val job = JSONObject(File(work, "job.json").readText())
        val answers = JSONObject()
        for (name in job.keys()) {
            val task = job.getJSONObject(name)
            val answer =
                when (val kind = task.getString("do")) {
                    "create" -> create(task)
                    "share" -> share(task)
                    "close" -> close(task)
                    "test" -> test(task)
                    "call" -> call(task)
                    else -> error(kind)
                }
            answers.put(name, answer)
        }
        File(work, "answers.json").writeText(answers.toString())
    }

    // Creates a model, and tells what it runs on and in what it differs from the golden cases.
    private fun create(task: JSONObject): JSONObject {
        System.setProperty("packager.gpu", task.optString("gpu"))
        ReflectionHelpers.setStaticField(android.os.Build.VERSION::class.java, "SDK_INT", task.optInt("sdk", 34))
        val answer = JSONObject()
        try {
            open(task).use { model ->
                answer.put("accelerator", "${model.call("getAccelerator")}")
                answer.put("fallbackReason", model.call("getFallbackReason") ?: JSONObject.NULL)
                answer.put("differences", JSONArray(differences(model, task)))
            }
        } catch (failed: InvocationTargetException) {
            answer.put("failure", "${failed.targetException}")
        }
        if (task.has("gpu")) answer.put("delegates", delegates())
        return answer
    }

    private fun delegates(): Any? = Class.forName("org.tensorflow.lite.gpu.GpuDelegate").getMethod("count").invoke(null)

    private fun open(task: JSONObject): Closeable {
        val model = Class.forName("${task.getString("package")}.${task.getString("class")}")
        val accelerator = Class.forName("${task.getString("package")}.Accelerator")
        val asked = accelerator.getField(task.optString("accelerator", "CPU")).get(null)
        val file = task.optString("file").ifEmpty { null }?.let(::File)
        val (int, boolean) = Int::class.java to Boolean::class.java
        val verify = task.optBoolean("verify", true)
        if (task.optBoolean("downloaded")) {
            return model.getMethod("create", Context::class.java, File::class.java, accelerator, int, boolean)
                .invoke(null, context, file, asked, 2, verify) as Closeable
        }
        return model.getMethod("create", Context::class.java, accelerator, int, boolean, File::class.java)
            .invoke(null, context, asked, 2, verify, file) as Closeable
    }

    private fun differences(model: Any, task: JSONObject): List<*> {
        val find = model.javaClass.methods.single { it.name.startsWith("differences") }
        val read = { file: String -> context.assets.open("${task.getString("goldens")}/$file").use { it.readBytes() } }
        val cases = Class.forName("${task.getString("package")}.GoldenCases").constructors
            .single { it.parameterCount == 2 }.newInstance("cases", read)
        val each = { case: Any -> find.invoke(model, case) as List<*> }
        return cases.javaClass.methods.single { it.name == "differences" }.invoke(cases, each) as List<*>
    }

    private fun pictures(task: JSONObject): List<Bitmap> {
        val names = task.getJSONArray("pictures")
        return List(names.length()) { index ->
            val path = "${task.getString("goldens")}/${names.getString(index)}"
            context.assets.open(path).use { BitmapFactory.decodeStream(it) }
        }
    }

    private fun classify(model: Any, picture: Bitmap): Any? =
        model.javaClass.getMethod("classify", Bitmap::class.java).invoke(model, picture)

    // Eight threads classify pictures with one model for a while: each answer must be that of one thread alone.
    private fun share(task: JSONObject): JSONObject {
        val pictures = pictures(task)
        open(task).use { model ->
            val expected = pictures.map { "${classify(model, it)}" }
            val end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(task.getLong("milliseconds"))
            val pool = Executors.newFixedThreadPool(THREADS)
            val counts = List(THREADS) { number ->
                pool.submit(
                    Callable {
                        var (right, wrong) = 0 to 0
                        var next = number
                        while (System.nanoTime() < end) {
                            val picture = next++ % pictures.size
                            if ("${classify(model, pictures[picture])}" == expected[picture]) right++ else wrong++
                        }
                        right to wrong
                    },
                )
            }.map { it.get() }
            pool.shutdown()
            return JSONObject()
                .put("different", expected.toSet().size)
                .put("right", counts.sumOf { it.first })
                .put("least", counts.minOf { it.first })
                .put("wrong", counts.sumOf { it.second })
        }
    }

    // Closes a model, twice, while eight threads use it: how each of them ends.
    private fun close(task: JSONObject): JSONArray {
        val picture = pictures(task).first()
        val model = open(task)
        val ends = arrayOfNulls<String>(THREADS)
        val threads = List(THREADS) { number ->
            thread {
                try {
                    while (true) classify(model, picture)
                } catch (failed: InvocationTargetException) {
                    ends[number] = "${failed.targetException}"
                }
            }
        }
        Thread.sleep(task.getLong("milliseconds"))
        model.close()
        model.close()
        threads.forEach { it.join() }
        return JSONArray(ends.toList())
    }

    // A test of src/test, in the folder in which Gradle runs it.
    private fun test(task: JSONObject): JSONObject {
        val test = Class.forName(task.getString("class")).getConstructor().newInstance()
        val failures = JSONObject()
        for (method in test.javaClass.methods.filter { it.isAnnotationPresent(Test::class.java) }) {
            val failure =
                try {
                    method.invoke(test)
                    null
                } catch (failed: InvocationTargetException) {
                    failed.targetException
                }
            failures.put(method.name, failure?.toString() ?: JSONObject.NULL)
        }
        return failures
    }

    // A static function that takes a Context, and gives a list of texts.
    private fun call(task: JSONObject): JSONArray {
        val function = Class.forName(task.getString("class")).getMethod("run", Context::class.java)
        return JSONArray(function.invoke(null, context) as List<*>)
    }

    private fun Any.call(method: String): Any? = javaClass.getMethod(method).invoke(this)

    private companion object {
        const val THREADS = 8
    }
}
