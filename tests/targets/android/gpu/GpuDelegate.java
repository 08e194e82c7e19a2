// Stands in for the class of the artifact litert-gpu: the same constructor and methods, around a delegate in C.
package org.tensorflow.lite.gpu;

import org.tensorflow.lite.Delegate;

public class GpuDelegate implements Delegate {
  static {
    System.loadLibrary("packager_gpu");
  }

  private long handle;

  /** The system property packager.gpu says how it behaves. */
  public GpuDelegate(GpuDelegateFactory.Options options) {
    String behaviour = System.getProperty("packager.gpu");
    if (behaviour.equals("throws")) throw new IllegalArgumentException("no OpenCL library on this device");
    handle = createDelegate(behaviour.equals("wrong"), behaviour.equals("unsupported"));
  }

  @Override
  public long getNativeHandle() {
    return handle;
  }

  /** How many there are that were not closed. */
  public static native int count();

  /** How often one of them has run. */
  public static native int runs();

  @Override
  public void close() {
    if (handle != 0) deleteDelegate(handle);
    handle = 0;
  }

  private static native long createDelegate(boolean isWrong, boolean isUnsupported);

  private static native void deleteDelegate(long handle);
}
