import android.graphics.Bitmap
import android.graphics.Rect
