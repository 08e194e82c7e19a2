// What the generated apps use of androidx.activity, as it is published, in the project androidx/androidx:
// activity/activity/src/main/java/androidx/activity/
//   ComponentActivity.kt: `open class ComponentActivity`, `constructor(@LayoutRes contentLayoutId: Int)`
//   EdgeToEdge.kt: `fun ComponentActivity.enableEdgeToEdge`
// What a screen needs to come up does it; the rest is there for the compiler.
package androidx.activity

import android.app.Activity
import android.os.Bundle
import androidx.activity.result.ActivityResultCallback
import androidx.activity.result.ActivityResultCaller
import androidx.activity.result.ActivityResultLauncher
import androidx.activity.result.contract.ActivityResultContract
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.ViewModelStore
import androidx.lifecycle.ViewModelStoreOwner

open class ComponentActivity(private val contentLayoutId: Int) :
    Activity(), LifecycleOwner, ViewModelStoreOwner, ActivityResultCaller {
    constructor() : this(0)

    override val lifecycle: Lifecycle = object : Lifecycle() {}
    @Suppress("DEPRECATION")
    override val viewModelStore: ViewModelStore by lazy {
        lastNonConfigurationInstance as ViewModelStore? ?: ViewModelStore()
    }

    /** For tests: what was launched, by contract, and how to answer. */
    val launched = mutableMapOf<String, Any?>()
    val callbacks = mutableMapOf<String, (Any?) -> Unit>()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        if (contentLayoutId != 0) setContentView(contentLayoutId)
    }

    @Deprecated("as it is there")
    override fun onRetainNonConfigurationInstance(): Any = viewModelStore

    override fun onDestroy() {
        super.onDestroy()
        if (!isChangingConfigurations) viewModelStore.clear()
    }

    @Suppress("UNCHECKED_CAST")
    override fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I> {
        val name = contract.javaClass.simpleName
        callbacks[name] = { callback.onActivityResult(it as O) }
        return object : ActivityResultLauncher<I>() {
            override fun launch(input: I) {
                launched[name] = input
            }
        }
    }
}

class SystemBarStyle private constructor() {
    companion object {
        fun auto(lightScrim: Int, darkScrim: Int): SystemBarStyle = SystemBarStyle().also { check(lightScrim + darkScrim != 1) }
    }
}

fun ComponentActivity.enableEdgeToEdge(
    statusBarStyle: SystemBarStyle = SystemBarStyle.auto(0, 0),
    navigationBarStyle: SystemBarStyle = SystemBarStyle.auto(0, 0),
) {
    check(!isDestroyed && statusBarStyle !== navigationBarStyle)
}
