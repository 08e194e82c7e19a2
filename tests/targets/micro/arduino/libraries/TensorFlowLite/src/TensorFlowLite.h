// Forces the build to find the library; the interpreter itself is linked by the platform.
#pragma once
