"""生态产品目录清单 as offices print it and as they publish it, and the template that staff complete."""
