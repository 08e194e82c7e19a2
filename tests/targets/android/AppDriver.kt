// Uses the generated apps as somebody would, each in a run of its own, and writes what is on the screen to NAME.json,
// and the screen to NAME.png, NAME_night.png and NAME_land.png. What an app is and is given stands in NAME.job.json.
package packager.tests

import android.Manifest
import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Insets
import android.graphics.Matrix
import android.net.Uri
import android.view.View
import android.view.ViewGroup
import android.view.WindowInsets
import android.widget.EditText
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageInfo
import androidx.camera.core.ImageProxy
import androidx.camera.lifecycle.ProcessCameraProvider
import org.json.JSONArray
import org.json.JSONObject
import org.junit.Test
import org.junit.runner.JUnitCore
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.internal.ManifestFactory
import org.robolectric.internal.ManifestIdentifier
import org.robolectric.shadows.ShadowAudioRecord
import org.robolectric.shadows.ShadowLooper
import java.io.File
import java.nio.ByteBuffer
import kotlin.math.PI
import kotlin.math.sin
import kotlin.system.exitProcess

private val work = File(System.getProperty("packager.work")!!)

/** Runs a test in the app of that APK. */
class AppRunner(private val name: String, private val packageName: String) : RobolectricTestRunner(AppDriver::class.java) {
    override fun getManifestFactory(config: Config?): ManifestFactory = ManifestFactory {
        val folder = File(work, name).toPath()
        val manifest = folder.resolve("AndroidManifest.xml")
        ManifestIdentifier(packageName, manifest, folder, folder, emptyList(), folder.resolve("app.apk"))
    }
}

/** Takes names and packages, in turn. */
fun main(arguments: Array<String>) {
    for ((name, packageName) in arguments.toList().chunked(2).map { Pair(it[0], it[1]) }) {
        System.setProperty("packager.app", name)
        val result = JUnitCore().run(AppRunner(name, packageName))
        val told = result.failures.joinToString("\n") { it.trace }
        if (told.isNotEmpty()) File(work, "$name.failure.txt").writeText(told)
    }
    // Threads of models that are not closed would keep the JVM from ending.
    exitProcess(0)
}

@Config(sdk = [34], qualifiers = "w411dp-h823dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class AppDriver {
    private val name = System.getProperty("packager.app")!!
    private val job = JSONObject(File(work, "$name.job.json").readText())
    private val found = JSONObject()
    private lateinit var controller: ActivityController<out Activity>

    private val activity: ComponentActivity get() = controller.get() as ComponentActivity
    private val kind = job.getString("input")

    @Test
    fun run() {
        open()
        checkInsets()
        if (kind == "image") lookThroughCamera()
        ask()
        found.put("screen", screen()).put("places", places())
        save("$name.png")
        turn()
        chooseAccelerator()
        close()

        RuntimeEnvironment.setQualifiers("+night")
        open()
        ask()
        save("${name}_night.png")
        close()
        if (kind == "image") {
            RuntimeEnvironment.setQualifiers("+land")
            open()
            ask()
            found.put("land", screen())
            save("${name}_land.png")
            close()
        }
        File(work, "$name.json").writeText(found.toString())
    }

    private fun open() {
        @Suppress("UNCHECKED_CAST")
        val type = Class.forName("${job.getString("package")}.MainActivity") as Class<out Activity>
        controller = Robolectric.buildActivity(type).setup()
        waitFor("the model") { text("status") == "Ready on CPU" }
    }

    private fun close() {
        controller.pause().stop().destroy()
    }

    /** Gives the app an input, and waits for its answer. */
    private fun ask() {
        when (kind) {
            "image" -> {
                click("pick_photo")
                check("PickVisualMedia" in activity.launched)
                activity.callbacks["PickVisualMedia"]!!(Uri.fromFile(File(work, job.getString("picture"))))
                check(ProcessCameraProvider.getInstance(activity).get().bound.isEmpty()) { "the camera is still on" }
            }
            "audio" -> listen()
            "text" -> {
                view<EditText>("text").setText(job.getString("text"))
                click("classify")
            }
            else -> {
                view<EditText>("numbers").setText(job.getString("numbers"))
                click("run")
            }
        }
        waitFor("an answer") { " ms on CPU" in text("status") && view<View>("answers").isShown }
        ShadowLooper.idleMainLooper()
    }

    private fun listen() {
        val rate = job.getInt("rate")
        var at = 0
        val tone = object : ShadowAudioRecord.AudioRecordSource {
            override fun readInShortArray(data: ShortArray, offset: Int, size: Int, isBlocking: Boolean): Int {
                for (i in 0 until size) data[offset + i] = (8000 * sin(2 * PI * 440 * at++ / rate)).toInt().toShort()
                Thread.sleep(1)
                return size
            }
        }
        ShadowAudioRecord.setSourceProvider { tone }
        if (!found.has("refused")) {
            click("listen")
            activity.callbacks["RequestPermission"]!!(false)
            found.put("refused", text("message"))
            shadowOf(RuntimeEnvironment.getApplication()).grantPermissions(Manifest.permission.RECORD_AUDIO)
        }
        click("listen")
        waitFor("windows") { text("windows").lines().size >= 3 }
        found.put("windows", text("windows")).put("level", view<ProgressBar>("level").progress)
        click("listen")
    }

    /** Refuses the camera, then gives it, and a frame of the picture that lies on its side. */
    private fun lookThroughCamera() {
        check(activity.launched["RequestPermission"] == Manifest.permission.CAMERA)
        activity.callbacks["RequestPermission"]!!(false)
        found.put("refused", text("message"))
        shadowOf(RuntimeEnvironment.getApplication()).grantPermissions(Manifest.permission.CAMERA)
        activity.callbacks["RequestPermission"]!!(true)
        ShadowLooper.idleMainLooper()
        val cameras = ProcessCameraProvider.getInstance(activity).get()
        val frames = listOf(false, true).map { isFront ->
            if (isFront) click("camera")
            ShadowLooper.idleMainLooper()
            val analysis = cameras.bound.filterIsInstance<ImageAnalysis>().single()
            val frame = Frame(BitmapFactory.decodeFile(File(work, job.getString("picture")).path))
            analysis.onThread { it.analyze(frame) }
            waitFor("the answer for a frame") { view<View>("answers").isShown && frame.closed == 1 }
            ShadowLooper.idleMainLooper()
            save("${name}_${if (isFront) "front" else "back"}.png")
            screen()
        }
        found.put("frames", JSONArray(frames))
    }

    private fun checkInsets() {
        val root = (activity.findViewById<ViewGroup>(android.R.id.content)).getChildAt(0)
        val bars = WindowInsets.Builder().setInsets(WindowInsets.Type.systemBars(), Insets.of(0, 60, 0, 40)).build()
        root.dispatchApplyWindowInsets(bars)
        found.put("padding", JSONArray(listOf(root.paddingTop, root.paddingBottom)))
        root.dispatchApplyWindowInsets(WindowInsets.Builder().build())
    }

    /** Turns the device: the model stays, and is ready at once. */
    private fun turn() {
        controller.recreate()
        found.put("turned", text("status"))
        ShadowLooper.idleMainLooper()
    }

    private fun chooseAccelerator() {
        val spinner = view<Spinner>("accelerator")
        spinner.setSelection(1)
        ShadowLooper.idleMainLooper()
        waitFor("the other accelerator") { "GPU" in text("message") }
        found.put("fallback", JSONObject().put("status", text("status")).put("message", text("message")))
    }

    private fun screen(): JSONObject {
        val answers = view<View>("answers")
        val shown = (answers as? TextView)?.text ?: answers.contentDescription
        val (left, top) = IntArray(2).also(answers::getLocationInWindow)
        return JSONObject().put("status", text("status")).put("message", text("message")).put("answers", "$shown")
            .put("title", "${activity.title}").put("view", JSONArray(listOf(left, top, answers.width, answers.height)))
    }

    /** What PicturePlace says of some pictures in views of some sizes. */
    private fun places(): JSONArray {
        val cases = job.optJSONArray("places") ?: return JSONArray()
        val type = Class.forName("${job.getString("package")}.ShownPicture")
        return JSONArray(
            List(cases.length()) { index ->
                val case = cases.getJSONObject(index)
                val (size, view, point) = listOf("picture", "view", "point").map(case::getJSONArray)
                val picture = type.constructors.single()
                    .newInstance(size.getInt(0), size.getInt(1), case.getBoolean("fills"), case.getBoolean("mirrored"))
                val (int, float) = Pair(Int::class.java, Float::class.java)
                val place = type.getMethod("placeIn", int, int).invoke(picture, view.getInt(0), view.getInt(1))
                val x = place.javaClass.getMethod("x", float).invoke(place, point.getDouble(0).toFloat()) as Float
                val y = place.javaClass.getMethod("y", float).invoke(place, point.getDouble(1).toFloat()) as Float
                JSONArray(listOf(x.toDouble(), y.toDouble()))
            },
        )
    }

    private fun save(file: String) {
        val view = activity.window.decorView
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        File(work, file).outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    private fun <V : View> view(id: String): V =
        activity.findViewById(activity.resources.getIdentifier(id, "id", activity.packageName))

    private fun text(id: String): String = view<TextView>(id).text.toString()

    private fun click(id: String) {
        check(view<View>(id).performClick()) { id }
        ShadowLooper.idleMainLooper()
    }

    private fun waitFor(what: String, isThere: () -> Boolean) {
        val end = System.nanoTime() + 60_000_000_000
        while (!isThere()) {
            check(System.nanoTime() < end) { "$what does not come; the status is \"${text("status")}\"" }
            Thread.sleep(5)
            ShadowLooper.idleMainLooper()
        }
    }
}

/** A picture as a camera gives it that lies on its side: it must be turned by 90 degrees clockwise to be upright. */
private class Frame(upright: Bitmap) : ImageProxy {
    private val lying = Bitmap.createBitmap(
        upright, 0, 0, upright.width, upright.height, Matrix().apply { postRotate(-90f) }, false,
    )
    override val width: Int = lying.width
    override val height: Int = lying.height
    override val imageInfo: ImageInfo = object : ImageInfo {
        override val rotationDegrees = 90
    }
    var closed = 0

    override fun close() {
        closed++
    }

    override val planes: Array<ImageProxy.PlaneProxy> = run {
        val (chromaWidth, chromaHeight) = Pair((width + 1) / 2, (height + 1) / 2)
        val y = ByteBuffer.allocateDirect(width * height)
        val u = ByteBuffer.allocateDirect(chromaWidth * chromaHeight)
        val v = ByteBuffer.allocateDirect(chromaWidth * chromaHeight)
        for (row in 0 until height) for (column in 0 until width) {
            val pixel = lying.getPixel(column, row)
            val (red, green, blue) = Triple(Color.red(pixel), Color.green(pixel), Color.blue(pixel))
            y.put(row * width + column, byteOf(0.299 * red + 0.587 * green + 0.114 * blue))
            val at = row / 2 * chromaWidth + column / 2
            u.put(at, byteOf(128 - 0.168736 * red - 0.331264 * green + 0.5 * blue))
            v.put(at, byteOf(128 + 0.5 * red - 0.418688 * green - 0.081312 * blue))
        }
        arrayOf(Plane(y, width), Plane(u, chromaWidth), Plane(v, chromaWidth))
    }

    private fun byteOf(value: Double) = value.toInt().coerceIn(0, 255).toByte()

    private class Plane(override val buffer: ByteBuffer, override val rowStride: Int) : ImageProxy.PlaneProxy {
        override val pixelStride = 1
    }
}
