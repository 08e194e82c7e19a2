"""What a project for a microcontroller calls its files, its namespace and its class.

A file hides a header of the same name. A namespace must be called as nothing that C, the cores of boards or their
libraries declare at global scope, and as no macro; a class as no type of these, from which `using namespace` could
not tell it.
"""

from __future__ import annotations

import re

from packager.render.naming import PascalName, SnakeName

_FILES = frozenset(
    """
    agree agrees answer answers_in app area begin_source best_scores box covers distance enough_arena frontend
    frontend_data golden_data hash_sha256 input is_same labels larger largest_difference line list main
    mean_distance model model_data overlap parse_number place placement point_names prepare_frontend
    print_answer print_kernel print_line print_real print_whole profiler profiling quantize read_byte
    read_motion read_number read_samples recognizer reset_frontend run_app run_case run_frontend self_test
    sha256 smaller source starts_number status_text suppression take_frame take_input take_window
    """.split()
)
_HEADERS = frozenset(
    """
    algorithm alloca array assert atomic bitset chrono cmath complex config cstddef cstdint ctype deque dirent
    endian errno exception fcntl features fenv float functional glob inttypes iso646 iterator limits list locale
    malloc map math memory new newlib numeric optional poll pthread queue random ratio reent regex sched search
    semaphore set setjmp signal std stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn
    string strings tgmath thread threads time tuple uchar unistd utility vector version wchar wctype
    """.split()
)
# Namespaces and headers of the libraries and cores, and macros of compilers.
_LIBRARIES = frozenset(
    """
    arduino arm camera client esp_camera flatbuffers gc2145 gemmlowp himax i386 ip linux mbed pdm pins posix print
    printable rtos ruy sensor server servo spi tensorflow tflite tflm udp unix usb wire
    """.split()
)
# Functions and variables of Arduino's cores.
_CORES = frozenset(
    """
    alarm analog bit boolean byte clamp constrain degrees delay digital frame highbyte interrupts loop lowbyte max
    micros millis min no_tone noise_gen pulse_in radians random random_seed round setup shift_in shift_out sq
    stream tone word
    """.split()
)
# Of newlib and glibc, and what GCC knows without them. Most stand for a family: sinf, sinl and sinf32 for sin.
_C = frozenset(
    """
    a64l abort abs accept access acos acosh aligned_alloc arc4random arc4random_buf arc4random_uniform asctime asin
    asinh asiprintf asniprintf asnprintf asprintf at_quick_exit atan atan2 atanh atexit atof atoi atol basename bcmp
    bcopy bind brk bsearch btowc bzero cabs cacos cacosh calloc canonicalize canonicalize_file_name carg casin casinh
    catan catanh cbrt ccos ccosh ceil cexp cfree cimag clearenv clearerr clock clog clone close conj connect copysign
    cos cosh cpow cproj creal csin csinh csqrt ctan ctanh ctermid ctime cuserid daddl daemon daylight ddivl dfmal
    difftime diprintf div dmull dprintf drand48 drand48_data drem dsqrtl dsubl dup duplex duplocale dysize ecvt
    environ erand48 erf erfc exit exp exp10 exp2 explicit_bzero expm1 f32add f32div f32fma f32mul f32sqrt f32sub
    f32xadd f32xdiv f32xfma f32xmul f32xsqrt f32xsub f64add f64div f64fma f64mul f64sqrt f64sub f64xaddf128
    f64xdivf128 f64xfmaf128 f64xmulf128 f64xsqrtf128 f64xsubf128 fabs fadd fclose fcloseall fcvt fd_mask fd_set fdim
    fdiv fdopen feof ferror fflush ffma ffs fgetc fgetpos fgets fgetwc fgetws fileno finite fiprintf fiscanf flockfile
    floor fls fma fmax fmaximum fmaximum_mag fmaximum_mag_num fmaximum_num fmaxmag fmemopen fmin fminimum fminimum_mag
    fminimum_mag_num fminimum_num fminmag fmod fmul fopen fopencookie fork fpclassify fprintf fpurge fputc fputs
    fputwc fputws fread free freelocale freopen frexp fromfp fromfpx fscanf fseek fseeko fsetpos fsqrt fsub ftell
    ftello ftrylockfile funlockfile funopen fwide fwprintf fwrite fwscanf gamma gcvt getc getchar getcpu getdate
    getdate_err getdelim getenv getline getloadavg getpayload getpt gets getsubopt getw getwc getwchar gmtime grantpt
    hypot ilogb index infinity initstate int16 int32 int8 ioctl iprintf isalnum isalpha isascii isblank iscanf
    iscanonical iscntrl isctype isdigit iseqsig isfinite isgraph isgreater isgreaterequal isinf isless islessequal
    islessgreater islower isnan isnormal isprint ispunct issignaling isspace isunordered isupper iswalnum iswalpha
    iswblank iswcntrl iswctype iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit isxdigit
    iszero itimerspec itoa j0 j1 jn jrand48 kill l64a labs lcong48 lconv ldexp ldiv lgamma link listen llabs lldiv
    llogb llrint llround localeconv localtime log log10 log1p log2 logb lrand48 lrint lround lseek math_errhandling
    mblen mbrlen mbrtowc mbsinit mbsnrtowcs mbsrtowcs mbstowcs mbtowc memccpy memchr memcmp memcpy memfrob memmem
    memmove mempcpy memrchr memset mkdtemp mkostemp mkostemps mkstemp mkstemps mktemp mktime modf mrand48 nan
    nanosleep nearbyint newlocale nextafter nextdown nexttoward nextup nice nrand48 obstack obstack_printf
    obstack_vprintf on_exit open open_memstream open_wmemstream optarg pause pclose perror pipe popen posix_memalign
    posix_openpt pow printf program_invocation_name program_invocation_short_name pselect ptsname putc putchar putenv
    puts putw putwc putwchar qecvt qfcvt qgcvt qsort quick_exit raise rand random_data rawmemchr read realloc
    reallocarray realpath recv remainder remove remquo rename renameat renameat2 rewind rindex rint roundeven rpmatch
    scalb scalbln scalbn scanf secure_getenv seed48 select send setbuf setbuffer setenv setlinebuf setlocale setns
    setpayload setpayloadsig setstate setvbuf shutdown sigabbrev_np sigdescr_np sigevent signbit signgam significand
    sin sincos sinh siprintf siscanf sleep sniprintf snprintf socket sprintf sqrt srand srand48 srandom sscanf stat
    stderr stdin stdout stpcpy stpncpy strcasecmp strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn
    strdup strerror strerrordesc_np strerrorname_np strfrom strfromd strfry strftime strlcat strlcpy strlen strlwr
    strncasecmp strncat strncmp strncpy strndup strnlen strnstr strpbrk strptime strrchr strsep strsignal strspn
    strstr strto strtod strtok strtold strtoll strtoq strtoul strtouq strupr strverscmp strxfrm suboptarg swab
    swprintf swscanf symlink sync system tan tanh tempnam tgamma timegm timelocal times timespec timespec_get
    timespec_getres timeval timex timezone timingsafe_bcmp timingsafe_memcmp tm tmpfile tmpnam toascii tolower
    totalorder totalordermag toupper towctrans towlower towupper trunc tzname tzset u_char u_int u_long u_short
    ufromfp ufromfpx uint uint16 uint32 uint8 ulong ungetc ungetwc unlink unlockpt unsetenv unshare uselocale ushort
    usleep utoa va_list valloc vasiprintf vasniprintf vasnprintf vasprintf vdiprintf vdprintf vfiprintf vfiscanf
    vfprintf vfscanf vfwprintf vfwscanf viprintf viscanf vprintf vscanf vsiprintf vsiscanf vsniprintf vsnprintf
    vsprintf vsscanf vswprintf vswscanf vwprintf vwscanf wait wcpcpy wcpncpy wcrtomb wcscasecmp wcscat wcschr
    wcschrnul wcscmp wcscoll wcscpy wcscspn wcsdup wcsftime wcslcat wcslcpy wcslen wcsncasecmp wcsncat wcsncmp wcsncpy
    wcsnlen wcsnrtombs wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcsto wcstod wcstok wcstold wcstoll wcstombs wcstoq
    wcstoul wcstouq wcswcs wcswidth wcsxfrm wctob wctomb wctrans wcwidth wmemchr wmemcmp wmemcpy wmemmove wmempcpy
    wmemset wprintf write wscanf y0 y1 yield yn
    """.split()
)
_TAKEN = _FILES | _HEADERS | _LIBRARIES | _CORES | _C
_C_VARIANT = re.compile(r"(_unlocked|_np|_[lr]|64|f(32|64|128)x?(_[lr])?|[fl])$")
_C_FAMILY = re.compile(r"(pthread|sched|timer|clock)_|.*_t$")
# Types of the generated code, and of the cores.
_TYPES = frozenset(
    """
    Answer BestScores Box Callback Camera Candidate Categories Category CellObject Client Console Detection
    Detections EEPROM Event EventQueue File Frame FrameBuffer GoldenCase HardwareSerial IPAddress Input Kernel
    Keyboard Keypoint Line List Mouse Mutex Network PixelFormat Placement Pose Poses Preferences Print Printable
    Profiler Queue Range Recognition Recognizer Region Resolver RingBuffer Semaphore Serial Server Servo Status
    Stream Thread Ticker Timeout Timer TwoWire Uart Udp Update Watchdog WiFi Wire
    """.split()
)


def snake_name(name: str) -> str:
    """The name of the files, and of the namespace."""
    snake = SnakeName.of(name)
    stem = _C_VARIANT.sub("", snake)
    # sinf32_l has two endings.
    is_taken = _TAKEN & {snake, stem, _C_VARIANT.sub("", stem)} or _C_FAMILY.match(snake)
    return f"{snake}_model" if is_taken else snake


def class_name(name: str) -> str:
    """The name of the class."""
    pascal = PascalName.of(name)
    # The cores define macros in capitals: PI, A0, INPUT.
    is_taken = pascal in _TYPES or re.fullmatch(r"[A-Z0-9_]+", pascal) is not None
    return f"{pascal}Net" if is_taken else pascal
