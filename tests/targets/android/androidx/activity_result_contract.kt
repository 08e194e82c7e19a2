// What the generated apps use of androidx.activity, as it is published, in the project androidx/androidx:
// activity/activity/src/main/java/androidx/activity/result/contract/
//   ActivityResultContract.kt, ActivityResultContracts.kt (commit 0cf118d67fcb): `class RequestPermission`,
//   `open class PickVisualMedia : ActivityResultContract<PickVisualMediaRequest, Uri?>`, `object ImageOnly`
package androidx.activity.result.contract

import android.net.Uri
import androidx.activity.result.PickVisualMediaRequest

abstract class ActivityResultContract<I, O>

class ActivityResultContracts private constructor() {
    class RequestPermission : ActivityResultContract<String, Boolean>()

    open class PickVisualMedia : ActivityResultContract<PickVisualMediaRequest, Uri?>() {
        sealed interface VisualMediaType

        object ImageOnly : VisualMediaType

        object ImageAndVideo : VisualMediaType
    }
}
