// Stands in for the class of the artifact litert-gpu; see GpuDelegate.java.
package org.tensorflow.lite.gpu;

import java.io.Closeable;

public class CompatibilityList implements Closeable {
  public boolean isDelegateSupportedOnThisDevice() {
    return !System.getProperty("packager.gpu").equals("unlisted");
  }

  @Override
  public void close() {}
}
