// What the generated apps use of androidx.camera, as it is published, in the project androidx/androidx:
// camera/camera-lifecycle/src/main/java/androidx/camera/lifecycle/ProcessCameraProvider.kt (commit 025c7f87ce1d)
package androidx.camera.lifecycle

import android.content.Context
import androidx.camera.core.Camera
import androidx.camera.core.CameraSelector
import androidx.camera.core.UseCase
import androidx.lifecycle.LifecycleOwner
import com.google.common.util.concurrent.Futures
import com.google.common.util.concurrent.ListenableFuture

class ProcessCameraProvider private constructor() {
    /** For tests. */
    var bound: List<UseCase> = emptyList()
        private set

    fun bindToLifecycle(
        lifecycleOwner: LifecycleOwner,
        cameraSelector: CameraSelector,
        vararg useCases: UseCase?,
    ): Camera {
        checkNotNull(lifecycleOwner.lifecycle)
        check(cameraSelector.lensFacing != null)
        bound = useCases.filterNotNull()
        return object : Camera {}
    }

    fun unbindAll() {
        bound = emptyList()
    }

    fun hasCamera(cameraSelector: CameraSelector): Boolean = cameraSelector.lensFacing != null

    companion object {
        private val provider = ProcessCameraProvider()

        @JvmStatic
        fun getInstance(context: Context): ListenableFuture<ProcessCameraProvider> {
            checkNotNull(context.applicationContext)
            return Futures.immediateFuture(provider)
        }
    }
}
