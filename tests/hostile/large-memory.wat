;; with:
;; Declares more memory than a guest may have, from the beginning.
  (memory (export "memory") 2000)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (data (i32.const 64) "PROFILE_TEXT")
  (func (export "transload:plugin/plugin@1.0.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const PROFILE_BYTES))
    (i32.const 16))
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (unreachable))
