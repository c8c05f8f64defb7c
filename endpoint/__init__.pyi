from .errors import EndpointError as EndpointError
from .model.convert_gguf import write_gguf as write_gguf
from .model.convert_native import write_native as write_native
from .model.open import open_engine as open_engine
from .protocol.bind import bind as bind
from .protocol.bind import serve as serve
from .protocol.embedder import Embedder as Embedder
from .protocol.server import create_app as create_app
