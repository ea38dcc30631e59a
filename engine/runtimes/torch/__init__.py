"""Networks on PyTorch: an interpreter of ONNX files with a table of operators.

Why none of the libraries for this: tried on the project's five networks against ONNX Runtime,

    onnx2torch 1.5.15   its last release is of 2024; refuses Pad of version 18 and auto_pad SAME_UPPER (NanoDet,
                        CenterNet, RVM), and gives wrong boxes on CenterNet's tail
    onnx2pytorch 0.6.0  gives wrong numbers without a word: MODNet's alpha off by up to 1, SPAN's by 0.07, CenterNet's
                        boxes by up to 510 pixels (RVM and NanoDet are right); wants torchvision too

and neither chooses float16 by operator, or keeps computed sizes where no GPU has to be waited for. The networks need
some fifty operators, most of them one line.

    operator      what an operator is: a function whose keywords are the attributes; refuses what it does not know
    convolution, elementwise, reductions, resize, shapes    the operators, by subject
    operators     the table of them all
    graph         a file -> steps, checked when it is loaded
    precision     float32 or float16, by operator
    program       runs the steps
    devices       what PyTorch can use here, and why not
    session, runtime    the interface that all runtimes have
"""

from engine.runtimes.torch.runtime import TorchRuntime

__all__ = ["TorchRuntime"]
