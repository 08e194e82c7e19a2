// What the generated apps use of androidx.lifecycle, as it is published, in the project androidx/androidx:
// lifecycle/lifecycle-common/…/LifecycleOwner.kt, lifecycle/lifecycle-viewmodel/…/AndroidViewModel.kt, ViewModel.kt,
// ViewModelProvider.kt, ViewModelStore.kt, ViewModelStoreOwner.kt
package androidx.lifecycle

import android.app.Activity
import android.app.Application

abstract class Lifecycle

interface LifecycleOwner {
    val lifecycle: Lifecycle
}

abstract class ViewModel {
    protected open fun onCleared() {}

    internal fun clear() = onCleared()
}

open class AndroidViewModel(private val application: Application) : ViewModel() {
    @Suppress("UNCHECKED_CAST")
    open fun <T : Application> getApplication(): T = application as T
}

open class ViewModelStore {
    internal val models = mutableMapOf<Class<*>, ViewModel>()

    fun clear() = models.values.forEach { it.clear() }
}

interface ViewModelStoreOwner {
    val viewModelStore: ViewModelStore
}

open class ViewModelProvider(private val owner: ViewModelStoreOwner) {
    @Suppress("UNCHECKED_CAST")
    open operator fun <T : ViewModel> get(modelClass: Class<T>): T =
        owner.viewModelStore.models.getOrPut(modelClass) {
            modelClass.getConstructor(Application::class.java).newInstance((owner as Activity).application)
        } as T
}
