// What a script sees beside Gradle's own types: the accessors that Gradle generates for the plugins
// com.android.library and maven-publish, and those functions of Gradle's Kotlin DSL that the script uses (its jar on Maven Central
// holds their classes, and not what tells a compiler of them).
package packager.tests

import com.android.build.api.dsl.LibraryExtension
import com.android.build.api.variant.LibraryAndroidComponentsExtension
import org.gradle.api.NamedDomainObjectCollection
import org.gradle.api.NamedDomainObjectProvider
import org.gradle.api.PolymorphicDomainObjectContainer
import org.gradle.api.Project
import org.gradle.api.Task
import org.gradle.api.artifacts.Dependency
import org.gradle.api.artifacts.dsl.DependencyHandler
import org.gradle.api.publish.PublishingExtension
import org.gradle.api.tasks.TaskCollection
import org.gradle.plugin.use.PluginDependenciesSpec

abstract class Script(project: Project) : Project by project {
    abstract val androidComponents: LibraryAndroidComponentsExtension

    abstract fun plugins(block: PluginDependenciesSpec.() -> Unit)

    abstract fun android(configure: LibraryExtension.() -> Unit)

    abstract fun publishing(configure: PublishingExtension.() -> Unit)

    abstract fun apply(plugin: String)

    abstract fun dependencies(configure: DependencyHandler.() -> Unit)
}

inline fun <reified T : Task> TaskCollection<in T>.withType(): TaskCollection<T> = withType(T::class.java)

inline fun <reified T : Any> PolymorphicDomainObjectContainer<in T>.register(
    name: String,
    noinline configuration: T.() -> Unit,
): NamedDomainObjectProvider<T> = register(name, T::class.java, configuration)

operator fun <T : Any> NamedDomainObjectCollection<T>.get(name: String): T = getByName(name)

fun DependencyHandler.api(notation: Any): Dependency? = add("api", notation)

fun DependencyHandler.implementation(notation: Any): Dependency? = add("implementation", notation)

fun DependencyHandler.compileOnly(notation: Any): Dependency? = add("compileOnly", notation)

fun DependencyHandler.testImplementation(notation: Any): Dependency? = add("testImplementation", notation)

fun DependencyHandler.androidTestImplementation(notation: Any): Dependency? =
    add("androidTestImplementation", notation)
