"""Names of tensors that clash with one another once they are cleaned, or with what generated code calls its own."""

from __future__ import annotations

PORT_NAMES = (
    # The same when cleaned, or when written in camel case.
    *("x", "X", "x_2", "x:0", "x 0", "x__0", "a_1", "a1", "a-1", "A1", "foo_bar", "fooBar", "FooBar", "foobar"),
    *("鳥", "犬", "尿", "日本", "日本語", "кошка", "🐈", "\ue000", "\ue001", "", "", " ", "--", "é", "e"),
    # Keywords.
    *("self", "this", "class", "def", "match", "type", "in", "is", "it", "fun", "val", "var", "let", "init", "inout"),
    *("None", "null", "nil", "true", "object", "operator", "template", "register", "when", "where", "as", "repeat"),
    # Members, parameters and variables of the generated classes and self-tests, in any of the languages.
    *("run", "_run", "run_raw", "predict", "close", "create", "inputs", "outputs", "input", "output", "given", "raw"),
    *("interpreter", "Input Buffers", "tensors", "items", "values", "value", "index", "i", "name", "names", "data"),
    *("threads", "context", "options", "model", "golden", "case", "cases", "failures", "expected", "actual", "line"),
    *(
        "passed",
        "status",
        "start",
        "print",
        "micros",
        "begin",
        "invoke",
        "reset",
        "arena",
        "arena_used",
        "label",
        "best",
    ),
    *("score", "fill_input", "quantize", "dequantize", "size", "width", "real", "item", "resolver", "require_size"),
    *("runner", "reader", "lock", "locked", "feed", "is_closed", "accelerator", "fallback_reason", "reset_state"),
    # What these see from outside.
    *("np", "zip", "dict", "list", "str", "len", "json", "sys", "help", "command", "THREADS", "Interpreter", "Items"),
    *("String", "Int", "Float", "Data", "Outputs", "Error", "hash_code", "equals", "to_string", "get_class", "wait"),
    *("hash_value", "description", "memcpy", "size_t", "uint8_t", "errno", "NULL", "INPUT", "OUTPUT", "HIGH", "PI"),
)
