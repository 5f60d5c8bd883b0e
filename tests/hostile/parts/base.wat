  ;; The host's functions.
  (import "transload:plugin/log@1.0.0" "write" (func $log (param $level i32) (param i32 i32)))
  (import "transload:plugin/state@1.0.0" "get" (func $get (param i32 i32) (param $into i32)))
  (import "transload:plugin/state@1.0.0" "set" (func $set (param i32 i32 i32 i32)))
  (import "transload:plugin/state@1.0.0" "delete" (func $delete (param i32 i32)))

  ;; 0 to 63: results; 64: the profile; 2048: the outcome; 4096: what is allocated.
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 4096))

  (func $allocate (export "cabi_realloc")
    (param $old i32) (param $old_bytes i32) (param $align i32) (param $bytes i32) (result i32)
    (local $start i32)
    (local.set $start
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $start) (local.get $bytes)))
    (local.get $start))

  ;; ok(deliver([request])) with neither method, path nor headers.
  (func $deliver (param $body i32) (param $bytes i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 0))
    (i32.store8 (i32.const 2052) (i32.const 0))
    (i32.store (i32.const 2056) (i32.const 2080))
    (i32.store (i32.const 2060) (i32.const 1))
    (i32.store8 (i32.const 2080) (i32.const 0))
    (i32.store8 (i32.const 2092) (i32.const 0))
    (i32.store (i32.const 2104) (i32.const 0))
    (i32.store (i32.const 2108) (i32.const 0))
    (i32.store (i32.const 2112) (local.get $body))
    (i32.store (i32.const 2116) (local.get $bytes))
    (i32.const 2048))
