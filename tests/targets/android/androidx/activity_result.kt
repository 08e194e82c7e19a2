// What the generated apps use of androidx.activity, as it is published, in the project androidx/androidx:
// activity/activity/src/main/java/androidx/activity/result/
//   ActivityResultCallback.kt, ActivityResultCaller.kt, ActivityResultLauncher.kt, PickVisualMediaRequest.kt
package androidx.activity.result

import androidx.activity.result.contract.ActivityResultContract
import androidx.activity.result.contract.ActivityResultContracts

fun interface ActivityResultCallback<O> {
    fun onActivityResult(result: O)
}

interface ActivityResultCaller {
    fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I>
}

abstract class ActivityResultLauncher<I> {
    abstract fun launch(input: I)
}

class PickVisualMediaRequest internal constructor() {
    var mediaType: ActivityResultContracts.PickVisualMedia.VisualMediaType =
        ActivityResultContracts.PickVisualMedia.ImageAndVideo
        internal set
}

fun PickVisualMediaRequest(
    mediaType: ActivityResultContracts.PickVisualMedia.VisualMediaType =
        ActivityResultContracts.PickVisualMedia.ImageAndVideo,
): PickVisualMediaRequest = PickVisualMediaRequest().apply { this.mediaType = mediaType }
