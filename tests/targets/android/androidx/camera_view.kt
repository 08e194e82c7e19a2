// What the generated apps use of androidx.camera, as it is published, in the project androidx/androidx:
// camera/camera-view/src/main/java/androidx/camera/view/PreviewView.java
package androidx.camera.view

import android.content.Context
import android.util.AttributeSet
import android.widget.FrameLayout
import androidx.camera.core.Preview

class PreviewView(context: Context, attrs: AttributeSet?) : FrameLayout(context, attrs) {
    val surfaceProvider: Preview.SurfaceProvider = Preview.SurfaceProvider { }
}
