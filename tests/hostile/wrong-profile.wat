;; with: base transform
;; Says of itself what nobody understands.
  (data (i32.const 64) "{\22name\22: \22Upper\22}")
  (func (export "transload:plugin/plugin@1.0.0#describe") (result i32)
    (i32.store (i32.const 16) (i32.const 64))
    (i32.store (i32.const 20) (i32.const 17))
    (i32.const 16))
